import { afterAll, expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { startUpstream, type UpstreamRequest } from '../support/upstream.ts';

let answer: (request: UpstreamRequest) => unknown = (request) => request.answer(200);
const upstream = await startUpstream((request) => answer(request));
const aifd = await startAifd(forwardingTo(upstream.url));
afterAll(async () => {
  await aifd[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

test('the client’s end-to-end headers go upstream as they came, Host is the upstream’s, none is added', async () => {
  const sent = [
    'Accept-Encoding: br;q=0.1, zstd',
    'User-Agent: OpenAI/Python 1.2.3',
    'X-Stainless-Lang: python',
    'OpenAI-Organization: org-1',
    'Cookie: a=1; b=2',
    'X-Forwarded-For: 1.2.3.4',
    'X-Latin: caf\xe9',
    'X-Utf8: \xe4\xb8\xad',
    'If-None-Match: "x"',
    'Range: bytes=0-9',
  ];
  await ask(aifd.url, '/x', { headers: sent });
  const { message } = upstream.requests.at(-1)!;
  const got = message.headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`).toSorted();
  const wanted = sent.map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase()));
  expect(got).toEqual([...wanted, `host: 127.0.0.1:${upstream.port}`].toSorted());
});

test('a request without Accept-Encoding has none upstream either', async () => {
  await ask(aifd.url, '/x');
  expect(upstream.requests.at(-1)!.message.headers).toEqual([['Host', `127.0.0.1:${upstream.port}`]]);
});

test('hop-by-hop request headers, and those that Connection names, stay here', async () => {
  await ask(aifd.url, '/x', {
    headers: [
      'Connection: keep-alive, X-Hop, Upgrade-Insecure',
      'X-Hop: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic x',
      'TE: trailers',
      'Trailer: X-T',
      'Upgrade: h2c',
      'X-End: 2',
    ],
  });
  const names = upstream.requests.at(-1)!.message.headers.map(([name]) => name.toLowerCase());
  expect(names.toSorted()).toEqual(['host', 'x-end']);
});

test('hop-by-hop response headers, and those that Connection names, stay here', async () => {
  answer = (request) =>
    request.answer(200, 'ok', [
      'Connection: close, X-Hop',
      'X-Hop: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Authenticate: Basic',
      'Trailer: X-T',
      'Upgrade: h2c',
      'X-End: 2',
      'Server: upstream/1',
      'Date: Thu, 01 Jan 2026 00:00:00 GMT',
      'openai-processing-ms: 12',
      'X-Latin: caf\xe9',
    ]);
  const response = await ask(aifd.url, '/x');
  for (const name of ['x-hop', 'keep-alive', 'proxy-authenticate', 'trailer', 'upgrade']) {
    expect(response.header(name)).toBeUndefined();
  }
  expect(response.all('connection').join()).not.toContain('X-Hop');
  expect(response.header('x-end')).toBe('2');
  expect(response.all('server')).toEqual(['upstream/1']);
  expect(response.all('date')).toEqual(['Thu, 01 Jan 2026 00:00:00 GMT']);
  expect(response.header('openai-processing-ms')).toBe('12');
  expect(response.header('x-latin')).toBe('caf\xe9');
});

test('duplicate Set-Cookie stays', async () => {
  answer = (request) =>
    request.answer(200, 'ok', [
      'Set-Cookie: a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT',
      'Set-Cookie: b=2',
      'X-A: 1',
      'X-A: 2',
    ]);
  const response = await ask(aifd.url, '/x');
  expect(response.all('set-cookie')).toEqual(['a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT', 'b=2']);
  expect(response.all('x-a').join(', ')).toBe('1, 2');
});

test('the upstream’s x-request-id stays, else there is ours', async () => {
  answer = (request) => request.answer(200, 'ok', ['X-Request-ID: upstream-1']);
  expect((await ask(aifd.url, '/x')).all('x-request-id')).toEqual(['upstream-1']);
  answer = (request) => request.answer(500, 'ok');
  const ids = [await ask(aifd.url, '/x'), await ask(aifd.url, '/x')].map((one) => one.header('x-request-id'));
  expect(ids[0]).toMatch(/^req_/);
  expect(new Set(ids).size).toBe(2);
});
