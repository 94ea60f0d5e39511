import { afterAll, expect, test } from 'bun:test';
import type { OpenAI } from 'openai';
import { dataOfHit, expectSameReplay, startCachedWay } from './cache-support.ts';

const way = await startCachedWay();
afterAll(way.stop);
type Answer = OpenAI.Responses.Response;
const models = ['text', 'tools'];
const schema = { type: 'object', properties: { city: { type: 'string' } } };
const format = { type: 'json_schema' as const, name: 'place', strict: true, schema };
const ask = (model: string, input: string) => ({ model, input, text: { format } });

test.each(models)('%s, plain', async (model) => {
  await expectSameReplay(way, ({ responses }) => responses.create(ask(model, 'plain')));
});

test.each(models)('%s, streamed: each named event', async (model) => {
  const data = await expectSameReplay(way, ({ responses }) =>
    responses.create({ ...ask(model, 'streamed'), stream: true }),
  );
  expect((data as { type: string }[]).at(-1)?.type).toBe('response.completed');
});

test.each(models)('%s, parsed and accumulated', async (model) => {
  const before = way.seen.length;
  const parsed = await way.client.responses.parse(ask(model, 'parsed'));
  expect(await way.client.responses.parse(ask(model, 'parsed'))).toStrictEqual(parsed);
  const heard = async () => {
    const stream = way.client.responses.stream(ask(model, 'accumulated'));
    const events = [];
    for await (const one of stream) events.push(structuredClone(one));
    return { events, final: await stream.finalResponse() };
  };
  const first = await heard();
  expect(first.events.length).toBeGreaterThan(5);
  expect(await heard()).toStrictEqual(first);
  expect(way.seen.length).toBe(before + 2);
});

test.each(models)('%s, a stream as a plain answer', async (model) => {
  const body = ask(model, 'stream first');
  const events = await Array.fromAsync(await way.client.responses.create({ ...body, stream: true }));
  const last = events.at(-1) as unknown as { response: Answer };
  const { output_text: _, ...plain } = await dataOfHit<Answer>(way.client.responses.create(body));
  expect(plain as unknown).toEqual(last.response);
});

/** What is told, in its order, however many pieces it comes in. */
const kinds = (list: readonly { type: string }[]) =>
  list.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);

test.each(models)('%s, a plain answer as a stream', async (model) => {
  const body = ask(model, 'plain first');
  const plain = await way.client.responses.create(body);
  const count = way.seen.length;
  const events = await dataOfHit<OpenAI.Responses.ResponseStreamEvent[]>(
    way.client.responses.create({ ...body, stream: true }),
  );
  // Those of the API for the same answer: the cuts between the deltas cannot be known.
  const direct = await Array.fromAsync(await way.direct.responses.create({ ...body, stream: true }));
  expect(kinds(events)).toEqual(kinds(direct));
  expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index));
  const final = await way.client.responses.stream(body).finalResponse();
  const parsed = await way.client.responses.parse(body);
  expect(final.output).toEqual(parsed.output);
  expect({ ...final, output: [], output_parsed: null } as unknown).toEqual({
    ...plain,
    output: [],
    output_parsed: null,
  });
  // The direct one is the upstream's own, of the same `seen`.
  expect(way.seen.length).toBe(count + 1);
});
