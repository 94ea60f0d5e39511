import { afterAll, expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { ask, RawClient, requestBytes } from '../support/raw.ts';
import { startUpstream, type UpstreamRequest } from '../support/upstream.ts';

let answer: (request: UpstreamRequest) => unknown = (request) => request.answer(200);
const upstream = await startUpstream((request) => answer(request));
const aifd = await startAifd(forwardingTo(upstream.url));
afterAll(async () => {
  await aifd[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

test.each([200, 201, 202, 206, 207, 400, 401, 404, 418, 429, 500, 501, 599])('status %d', async (status) => {
  answer = (request) => request.answer(status, '{"error":1}', ['Content-Type: application/json']);
  const response = await ask(aifd.url, '/x');
  expect(response.status).toBe(status);
  expect(response.text).toBe('{"error":1}');
});

test.each(['gzip', 'br', 'zstd', 'nonsense'])('an encoded body (%s) is not touched', async (coding) => {
  const body = coding === 'gzip' ? Bun.gzipSync('hello '.repeat(100)) : everyByte;
  for (const type of ['application/json', 'text/event-stream']) {
    answer = (request) => request.answer(200, body, [`Content-Encoding: ${coding}`, `Content-Type: ${type}`]);
    const response = await ask(aifd.url, '/x');
    expect(response.header('content-encoding')).toBe(coding);
    expect(response.header('content-type')).toBe(type);
    expect(response.body.equals(body)).toBe(true);
  }
});

test.each(['chunked', 'close'])('every byte passes when the body is framed by %s', async (framing) => {
  answer = async (request) => {
    const type = 'Content-Type: text/plain; charset=utf-8';
    if (framing === 'close') {
      request.send(`HTTP/1.1 200 OK\r\n${type}\r\n\r\n`);
      for (const byte of everyByte) request.send(Buffer.of(byte));
      return request.end();
    }
    request.send(`HTTP/1.1 200 OK\r\n${type}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    for (const byte of everyByte)
      request.send(Buffer.concat([Buffer.from('1;x=y\r\n'), Buffer.of(byte, 13, 10)]));
    request.send('0\r\nX-Trailer: 1\r\n\r\n');
  };
  const response = await ask(aifd.url, '/x');
  expect(response.complete).toBe(true);
  expect(response.body.equals(everyByte)).toBe(true);
});

test('a body without a type gets none', async () => {
  answer = (request) => request.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  const response = await ask(aifd.url, '/x');
  expect([response.text, response.header('content-type')]).toEqual(['ok', undefined]);
});

test('a redirect is the client’s to follow', async () => {
  await using other = await startUpstream();
  answer = (request) => request.answer(307, 'see', [`Location: ${other.url}/y`]);
  const response = await ask(aifd.url, '/x', { method: 'POST', body: 'a' });
  expect([response.status, response.header('location'), response.text]).toEqual([
    307,
    `${other.url}/y`,
    'see',
  ]);
  expect(other.accepted).toBe(0);
});

test('HEAD tells the length and has no body; the next request on the connection is answered', async () => {
  answer = (request) =>
    request.method === 'HEAD'
      ? request.send('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nContent-Type: a/b\r\n\r\n')
      : request.answer(200, 'next');
  using client = await RawClient.open(aifd.url);
  const head = await client.send(requestBytes('/x', { method: 'HEAD' })).response('HEAD');
  expect([head.status, head.header('content-length'), head.header('content-type')]).toEqual([
    200,
    '1234',
    'a/b',
  ]);
  expect((await client.send(requestBytes('/x')).response()).text).toBe('next');
});

test('HEAD of a chunked answer invents no length', async () => {
  answer = (request) => request.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  const head = await ask(aifd.url, '/x', { method: 'HEAD' });
  expect(head.status).toBe(200);
  expect(head.header('content-length')).toBeUndefined();
});

test.each([204, 304])('%d has no body; the next request on the connection is answered', async (status) => {
  answer = (request) =>
    request.target === '/x'
      ? request.send(`HTTP/1.1 ${status} Nothing\r\nETag: "x"\r\n\r\n`)
      : request.answer(200, 'next');
  using client = await RawClient.open(aifd.url);
  const first = await client.send(requestBytes('/x')).response();
  expect([first.status, first.header('etag'), first.text]).toEqual([status, '"x"', '']);
  expect((await client.send(requestBytes('/y')).response()).text).toBe('next');
});

test('an empty body with a length of 0 is empty', async () => {
  answer = (request) => request.answer(200, '');
  const response = await ask(aifd.url, '/x');
  expect([response.header('content-length'), response.text]).toEqual(['0', '']);
});

test('interim answers (100, 102, 103) do not stand for the final one', async () => {
  answer = (request) => {
    request.send('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n');
    request.send(
      'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfinal',
    );
  };
  const response = await ask(aifd.url, '/x');
  expect([response.status, response.text]).toEqual([200, 'final']);
});

test('a long head passes', async () => {
  answer = (request) => request.answer(200, 'ok', [`X-Long: ${'x'.repeat(60_000)}`]);
  expect((await ask(aifd.url, '/x')).header('x-long')).toHaveLength(60_000);
});
