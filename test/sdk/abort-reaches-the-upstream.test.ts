import { afterAll, expect, test } from 'bun:test';
import { APIUserAbortError } from 'openai';
import { chatChunk, event, failureOf, type Seen, sse, startWay } from './support.ts';

const messages = [{ role: 'user' as const, content: 'hi' }];
const never = new Promise<never>(() => {});
let arrived = Promise.withResolvers<Seen>();
const way = await startWay((seen) => {
  arrived.resolve(seen);
  const { stream } = JSON.parse(Buffer.from(seen.body).toString()) as { stream?: boolean };
  // Silent before its first byte, or after its first event: for ever.
  return stream === true ? sse([event(chatChunk('one')), ''], async (index) => index > 0 && never) : never;
});
afterAll(way.stop);

/** Whether the upstream learns within a second, as is promised, that nobody waits any more. */
function toldInTime({ signal }: Seen): Promise<boolean> {
  const told = new Promise<boolean>((resolve) => {
    if (signal.aborted) resolve(true);
    signal.addEventListener('abort', () => resolve(true));
  });
  return Promise.race([told, Bun.sleep(1000).then(() => false)]);
}

test('in the middle of a stream', async () => {
  arrived = Promise.withResolvers();
  const stream = await way.client.chat.completions.create({ model: 'm', messages, stream: true });
  const chunks = stream[Symbol.asyncIterator]();
  expect((await chunks.next()).value?.choices[0]?.delta.content).toBe('one');
  stream.controller.abort();
  expect(await toldInTime(await arrived.promise)).toBe(true);
});

test('by leaving the loop', async () => {
  arrived = Promise.withResolvers();
  const stream = await way.client.chat.completions.create({ model: 'm', messages, stream: true });
  for await (const chunk of stream) {
    expect(chunk.choices[0]?.delta.content).toBe('one');
    break;
  }
  expect(await toldInTime(await arrived.promise)).toBe(true);
});

test('before the first byte', async () => {
  arrived = Promise.withResolvers();
  const leave = new AbortController();
  const call = failureOf(
    way.client.chat.completions.create({ model: 'm', messages }, { signal: leave.signal }),
  );
  const seen = await arrived.promise;
  leave.abort();
  expect(await call).toBeInstanceOf(APIUserAbortError);
  expect(await toldInTime(seen)).toBe(true);
});
