import { afterAll, expect, test } from 'bun:test';
import type { OpenAI } from 'openai';
import { dataOfHit, expectSameReplay, startCachedWay } from './cache-support.ts';

const way = await startCachedWay();
afterAll(way.stop);
const usage = { stream_options: { include_usage: true } };
const ask = (prompt: string) => ({ model: 'gpt-3.5-turbo-instruct', prompt, n: 2 });
type Completion = OpenAI.Completion;

test('plain', async () => {
  await expectSameReplay(way, ({ completions }) => completions.create(ask('plain')));
});

test.each([{}, usage])('streamed, %p', async (options) => {
  const body = { ...ask(`streamed ${JSON.stringify(options)}`), stream: true as const, ...options };
  await expectSameReplay(way, ({ completions }) => completions.create(body));
});

const texts = (chunks: readonly Completion[]) =>
  [0, 1].map((wanted) => {
    const own = chunks.flatMap(({ choices }) => choices).filter(({ index }) => index === wanted);
    return own.map(({ text }) => text).join('');
  });

test('a plain answer as a stream', async () => {
  const plain = await way.client.completions.create(ask('plain first'));
  const body = { ...ask('plain first'), stream: true as const, ...usage };
  const chunks = await dataOfHit<Completion[]>(way.client.completions.create(body));
  expect(texts(chunks)).toEqual(plain.choices.map(({ text }) => text));
  expect(chunks.at(-1)?.usage).toEqual(plain.usage!);
  expect(chunks.every(({ id }) => id === plain.id)).toBe(true);
});

test('a stream as a plain answer', async () => {
  const body = { ...ask('stream first'), stream: true as const, ...usage };
  const chunks = await Array.fromAsync(await way.client.completions.create(body));
  const plain = await dataOfHit<Completion>(way.client.completions.create(ask('stream first')));
  const { id, created } = chunks[0]!;
  const direct: Completion = { ...(await way.direct.completions.create(ask('stream first'))), id, created };
  expect(plain).toEqual(direct);
});
