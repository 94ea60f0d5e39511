import { afterAll, expect, test } from 'bun:test';
import { event, sse, startWay } from './support.ts';

const response = { id: 'resp_1', object: 'response', created_at: 1, model: 'm', output: [] };
const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
const events = [
  { type: 'response.created', response },
  { type: 'response.output_text.delta', delta: 'Grü', ...place },
  { type: 'response.output_text.delta', delta: 'ße', ...place },
  { type: 'response.completed', response: { ...response, status: 'completed' } },
].map((one, index) => Object.assign(one, { sequence_number: index }));
const gates = events.map(() => Promise.withResolvers<void>());
const way = await startWay(({ path, body }) => {
  const { stream } = JSON.parse(Buffer.from(body).toString()) as { stream?: boolean };
  if (path !== '/v1/responses' || stream !== true) return Response.json(response);
  return sse(
    events.map((one) => event(one, one.type)),
    (index) => gates[index]!.promise,
  );
});
afterAll(way.stop);

test('each named event is there before the next one was sent', async () => {
  gates[0]?.resolve();
  const stream = await way.client.responses.create({ model: 'm', input: 'hi', stream: true });
  const read: unknown[] = [];
  for await (const one of stream) {
    read.push(one);
    gates[read.length]?.resolve();
  }
  expect(read).toEqual(events);
});

test('a plain response is answered', async () => {
  expect(await way.client.responses.create({ model: 'm', input: 'hi' })).toMatchObject({ id: 'resp_1' });
});
