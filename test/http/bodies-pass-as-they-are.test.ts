import { afterAll, expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { ask, RawClient } from '../support/raw.ts';
import { Dice } from '../support/random.ts';
import { startUpstream } from '../support/upstream.ts';

const upstream = await startUpstream(async (request) => {
  await request.whole();
  request.answer(200, Bun.hash(request.message.body).toString());
});
const aifd = await startAifd(forwardingTo(upstream.url));
afterAll(async () => {
  await aifd[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const hash = (bytes: Uint8Array | string) => Bun.hash(bytes).toString();
const dice = new Dice(3);
const sizes = [0, 1, 1000, 65_535, 65_536, 65_537, 1_000_000];

test.each(sizes)('%d bytes with a Content-Length, of JSON or not', async (size) => {
  const body = dice.bytes(size);
  for (const type of ['application/json', 'multipart/form-data; boundary=x', 'audio/mpeg']) {
    const headers = [`Content-Type: ${type}`];
    const response = await ask(aifd.url, '/v1/files', { method: 'POST', headers, body });
    expect(response.text).toBe(hash(body));
    const { message } = upstream.requests.at(-1)!;
    expect(message.headers.filter(([name]) => /^(content-length|transfer-encoding)$/i.test(name))).toEqual([
      ['Content-Length', String(size)],
    ]);
  }
});

test.each(sizes)('%d bytes chunked, cut anywhere', async (size) => {
  const body = dice.bytes(size);
  using client = await RawClient.open(aifd.url);
  client.send('POST /v1/files HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (const piece of dice.cut(body, Math.max(1, size / 3))) {
    client
      .send(`${piece.length.toString(16)}\r\n`)
      .send(piece)
      .send('\r\n');
  }
  client.send('0\r\n\r\n');
  expect((await client.response('POST')).text).toBe(hash(body));
});

test('JSON that is no JSON passes', async () => {
  for (const body of ['{not json', '', '\0', '{"a":1}{"b":2}', '\ufeff{}']) {
    const headers = ['Content-Type: application/json'];
    expect((await ask(aifd.url, '/v1/x', { method: 'POST', headers, body })).text).toBe(hash(body));
  }
});

test('Expect: 100-continue is met', async () => {
  using client = await RawClient.open(aifd.url);
  client.send('POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
  await client.seen('100 Continue');
  expect((await client.send('hello').response('POST')).text).toBe(hash('hello'));
});
