import { afterAll, expect, test } from 'bun:test';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { chatChunk, clientOf, event, failureOf, startAifd } from './support.ts';

const first = event(chatChunk('one'));
const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
let cut = Promise.withResolvers<void>();
/** Sends one event of a chunked body and dies when told to. */
const upstream = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => {
    socket.write(`${head}${Buffer.byteLength(first).toString(16)}\r\n${first}\r\n`);
    void cut.promise.then(() => socket.destroy());
  });
});
upstream.listen(0, '127.0.0.1');
await once(upstream, 'listening');
const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
const aifd = await startAifd(url);
afterAll(async () => {
  upstream.close();
  await aifd.stop();
});

test.each([
  ['direct', url],
  ['through aifd', aifd.url],
])('an upstream that dies in the middle: %s', async (_, base) => {
  cut = Promise.withResolvers();
  const messages = [{ role: 'user' as const, content: 'hi' }];
  const stream = await clientOf(base).chat.completions.create({ model: 'm', messages, stream: true });
  const read: unknown[] = [];
  const walk = async () => {
    for await (const chunk of stream) {
      read.push(chunk);
      cut.resolve();
    }
  };
  expect(await failureOf(walk())).toBeInstanceOf(Error);
  expect(read).toEqual([chatChunk('one')]);
});
