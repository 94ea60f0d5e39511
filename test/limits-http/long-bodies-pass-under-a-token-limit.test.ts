import { expect, test } from 'bun:test';
import { RawClient } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { chat, chatPath, chunk, limit, startWay } from './support.ts';

const head = (type: string, path = chatPath): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`;
const MiB = 2 ** 20;

/** JSON of so many bytes in which each part differs from the others. */
function long(bytes: number): string {
  const parts: string[] = [];
  for (let size = 0, i = 0; size < bytes; i++)
    size += parts[parts.push(`"part ${i} ${'x'.repeat(1000)}"`) - 1]!.length;
  return `{"data":[${parts.join(',')}]}`;
}

function chunked(text: string, size: number): string {
  let out = '';
  for (let at = 0; at < text.length; at += size) out += chunk(text.slice(at, at + size));
  return `${out}0\r\n\r\n`;
}

test.each([
  ['under what is read whole', 1 * MiB],
  ['over it', 10 * MiB],
])(
  'a chunked body arrives as it was sent: %s',
  async (_, size) => {
    await using way = await startWay({ TOKENS_LIMIT: limit('100000000/hour') });
    const text = long(size);
    using client = await RawClient.open(way.url);
    client.send(head('application/json') + chunked(text, 50_000));
    expect((await client.response('POST', 20_000)).status).toBe(200);
    expect(way.upstream.requests[0]!.text === text).toBe(true);
  },
  30_000,
);

test.each([100, 9 * MiB])(
  'a client that leaves after %i bytes of a chunked body leaves nothing behind',
  async (size) => {
    await using way = await startWay({
      TOKENS_LIMIT: limit('100000000/hour'),
      CONCURRENCY_LIMIT: '1',
      QUEUE_TIMEOUT: '3',
    });
    for (let i = 0; i < 3; i++) {
      const client = await RawClient.open(way.url);
      client.send(head('application/json') + chunk('y'.repeat(size)));
      await until(() => client.socket.writableLength === 0);
      client.leave();
    }
    expect((await way.ask(chatPath, chat())).status).toBe(200);
  },
  20_000,
);

test('a prompt that is too long to be read whole is reserved by its size', async () => {
  await using way = await startWay({ TOKENS_LIMIT: limit('1000/hour') });
  const body = JSON.stringify({ messages: [{ role: 'user', content: 'word '.repeat(2 * MiB) }] });
  const asked = { method: 'POST', headers: ['Content-Type: application/json'], body };
  expect((await way.ask(chatPath, asked)).status).toBe(429);
  expect(way.upstream.requests).toHaveLength(0);
}, 20_000);

test('an upload that is no prompt streams still', async () => {
  await using way = await startWay({ TOKENS_LIMIT: JSON.stringify({ '/': '1000/hour' }) });
  using client = await RawClient.open(way.url);
  client.send(head('multipart/form-data; boundary=b', '/v1/audio/transcriptions') + chunk('--b\r\n'));
  const request = await way.upstream.request();
  await until(() => request.text.includes('--b'), 'the first bytes are upstream before the last are sent');
  client.send(`${chunk('--b--\r\n')}0\r\n\r\n`);
  expect((await client.response('POST')).status).toBe(200);
});
