import { afterAll, expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { ok, startUpstream } from '../support/upstream.ts';

// U+010D U+010A, which become CR LF when a string is cut down to bytes, in UTF-8.
const CRLF = '\xc4\x8d\xc4\x8a';

const upstream = await startUpstream(ok);
const aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: 'sk-real-key-0001' });
afterAll(async () => {
  await aifd[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

test.each([
  ['a path without a Host', `GET /a${CRLF}X-Evil:1${CRLF}${CRLF} HTTP/1.0\r\n\r\n`],
  ['a query without a Host', `GET /a?b=${CRLF}X-Evil:1 HTTP/1.0\r\n\r\n`],
  ['a path with a Host', `GET /a${CRLF}X-Evil:1 HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['a path with an invalid Host', `GET /a${CRLF}X-Evil:1 HTTP/1.1\r\nHost: \xff[\r\n\r\n`],
  ['a Host', `GET /a HTTP/1.1\r\nHost: a${CRLF}X-Evil:1\r\n\r\n`],
  ['a header', `GET /a HTTP/1.1\r\nHost: a\r\nX-A: b${CRLF}X-Evil:1\r\n\r\n`],
  ['a header name', `GET /a HTTP/1.1\r\nHost: a\r\nX-A${CRLF}X-Evil: 1\r\n\r\n`],
  ['a bare CR in a header', 'GET /a HTTP/1.1\r\nHost: a\r\nX-A: b\rX-Evil: 1\r\n\r\n'],
  ['a bare LF in a header', 'GET /a HTTP/1.1\r\nHost: a\r\nX-A: b\nX-Evil: 1\r\n\r\n'],
  ['a NUL in a header', 'GET /a HTTP/1.1\r\nHost: a\r\nX-A: b\0X-Evil: 1\r\n\r\n'],
  ['escapes', requestBytes('/a%0d%0aX-Evil:1%0d%0a')],
])('%s cannot begin a line upstream', async (_where, bytes) => {
  const before = upstream.requests.length;
  using client = await RawClient.open(aifd.url);
  client.send(bytes);
  const answered = await client.response('GET').catch(() => undefined);
  expect(answered?.status ?? 400).toBeLessThan(500);
  for (const { message } of upstream.requests.slice(before)) {
    expect(message.start).toMatch(/^GET \/[\x21-\x7e]* HTTP\/1\.1$/);
    const names = message.headers.map(([name]) => name.toLowerCase());
    expect(names).not.toContain('x-evil');
    // The real key's line is among those that aifd wrote, whole.
    expect(message.headers.filter(([name]) => name === 'authorization')).toEqual([
      ['authorization', 'Bearer sk-real-key-0001'],
    ]);
  }
});

test('framing that two servers could read differently is refused', async () => {
  const before = upstream.requests.length;
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
  for (const head of [
    'Content-Length: 4\r\nTransfer-Encoding: chunked',
    'Content-Length: 4\r\nContent-Length: 5',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: xchunked',
    'Content-Length: +4',
    'Content-Length: 4, 5',
    'Transfer-Encoding : chunked',
  ]) {
    using client = await RawClient.open(aifd.url);
    client.send(`POST /framing HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n0\r\n\r\n${smuggled}`);
    const answered = await client.response('POST').catch(() => undefined);
    expect([400, 501, undefined]).toContain(answered?.status);
  }
  expect(upstream.requests.slice(before).map(({ target }) => target)).toEqual([]);
});
