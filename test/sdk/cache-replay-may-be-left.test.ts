import { afterAll, expect, test } from 'bun:test';
import { dataOfHit, openaiUpstream, cached, told } from './cache-support.ts';
import { type Seen, startWay } from './support.ts';

let held: Promise<void> | undefined;
const answer = openaiUpstream();
const way = await startWay(async (seen: Seen) => {
  const response = answer(seen);
  if (!held) return response;
  // All but the last byte, and that when the test says so.
  const whole = await response.bytes();
  const until = held;
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(whole.subarray(0, -1));
      await until;
      controller.enqueue(whole.subarray(-1));
      controller.close();
    },
  });
  return new Response(body, { headers: response.headers });
}, cached);
afterAll(way.stop);
const { completions } = way.client.chat;
const ask = (content: string) => ({
  model: 'long',
  messages: [{ role: 'user' as const, content }],
  stream: true as const,
});

test('by aborting or by leaving the loop: the entry is whole for the next', async () => {
  const body = ask('kept');
  const first = await told(completions.create(body));
  const count = way.seen.length;
  for (let left = 0; left < 20; left++) {
    const stream = await completions.create(body);
    let read = 0;
    for await (const chunk of stream) {
      expect(chunk).toStrictEqual((first.data as unknown[])[read] as typeof chunk);
      if (++read <= left * 10) continue;
      if (left % 2 === 0) stream.controller.abort();
      else break;
    }
    expect(read).toBe(left * 10 + 1);
  }
  expect(await dataOfHit<unknown[]>(completions.create(body))).toStrictEqual(first.data as unknown[]);
  expect(way.seen.length).toBe(count);
});

test('the first answer may not: what was left alone is not kept', async () => {
  const body = ask('left');
  const gate = Promise.withResolvers<void>();
  held = gate.promise;
  const stream = await completions.create(body);
  const chunks = stream[Symbol.asyncIterator]();
  expect((await chunks.next()).done).toBe(false);
  stream.controller.abort();
  const { signal } = way.seen.at(-1)!;
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  held = undefined;
  gate.resolve();
  const count = way.seen.length;
  expect((await told(completions.create(body))).cache).toBe('aifd; fwd=uri-miss; stored');
  expect(way.seen.length).toBe(count + 1);
});
