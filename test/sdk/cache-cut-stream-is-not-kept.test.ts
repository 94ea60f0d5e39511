import { afterAll, expect, test } from 'bun:test';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { cached, dataOfHit, told } from './cache-support.ts';
import { chatChunk, clientOf, event, failureOf, startAifd } from './support.ts';

const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
const chunked = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
// All that an answer needs, but for the end of the body.
const whole = [chatChunk('one'), chatChunk('', 'stop'), '[DONE]'].map((one) => chunked(event(one))).join('');
let asked = 0;
/** Dies before the end of its first answer. */
const upstream = createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', () => {
    asked++;
    if (asked > 1) socket.write(`${head}${whole}0\r\n\r\n`);
    else socket.write(`${head}${whole}`, () => socket.destroy());
  });
});
upstream.listen(0, '127.0.0.1');
await once(upstream, 'listening');
const aifd = await startAifd(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, cached);
afterAll(async () => {
  upstream.close();
  await aifd.stop();
});

test('not even when only the end of the body is missing', async () => {
  const { completions } = clientOf(aifd.url).chat;
  const messages = [{ role: 'user' as const, content: 'hi' }];
  const body = { model: 'm', messages, stream: true as const };
  // Asked for plain: at a stream's [DONE] the SDK goes, and would not see the end.
  expect(await failureOf(completions.create({ ...body, stream: false }))).toBeInstanceOf(Error);
  const second = await told(completions.create(body));
  expect(second.cache).toBe('aifd; fwd=uri-miss; stored');
  expect(asked).toBe(2);
  expect(await dataOfHit<unknown>(completions.create(body))).toStrictEqual(second.data);
  expect(asked).toBe(2);
});
