import { afterAll, expect, test } from 'bun:test';
import { startDemoUpstream } from '../../src/demo/upstream.ts';
import { chatChunk, clientOf, event, sse, startAifd, startWay } from './support.ts';

const words = ['one ', 'two ', 'three ', 'four'];
const gates = words.map(() => Promise.withResolvers<void>());
const way = await startWay(() =>
  sse(
    [...words.map((word) => event(chatChunk(word))), event('[DONE]')],
    (index) => gates[index]?.promise ?? done,
  ),
);
const done = Promise.resolve();
const demo = startDemoUpstream();
const aifd = await startAifd(demo.url);
afterAll(async () => {
  demo.stop();
  await Promise.all([aifd.stop(), way.stop()]);
});
const messages = [{ role: 'user' as const, content: 'ping pong' }];

test('a chunk is there before the next one was sent', async () => {
  gates[0]?.resolve();
  const stream = await way.client.chat.completions.create({ model: 'm', messages, stream: true });
  const read: (string | null | undefined)[] = [];
  for await (const chunk of stream) {
    read.push(chunk.choices[0]?.delta.content);
    // Held back anywhere on the way, this chunk would never have come and the test would time out.
    gates[read.length]?.resolve();
  }
  expect(read).toEqual(words);
});

test('a stream has the text of the plain answer, and usage last when asked for', async () => {
  const client = clientOf(aifd.url);
  const plain = await client.chat.completions.create({ model: 'demo-chat', messages });
  const stream = await client.chat.completions.create({
    model: 'demo-chat',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await Array.fromAsync(stream);
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  expect(text).toBe(plain.choices[0]?.message.content ?? 'nothing');
  expect(chunks.at(-1)?.usage).toEqual(plain.usage);
});

test('the SDK’s own helper finds a final message', async () => {
  const runner = clientOf(aifd.url).chat.completions.stream({ model: 'demo-chat', messages });
  const final = await runner.finalContent();
  expect(final).toContain('"ping pong"');
});
