import { afterAll, expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask, RawClient } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const upstream = await startUpstream(async (request) => {
  await request.whole();
  request.answer(200, `${request.method} ${request.text}`);
});
const aifd = await startAifd(forwardingTo(upstream.url));
afterAll(async () => {
  await aifd[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY', 'TRACE'])(
  '%s passes',
  async (method) => {
    expect((await ask(aifd.url, '/v1/chat/completions', { method })).text).toBe(`${method} `);
    expect((await ask(aifd.url, '/some/thing', { method })).text).toBe(`${method} `);
  },
);

test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s passes with a body', async (method) => {
  expect((await ask(aifd.url, '/x', { method, body: 'hello' })).text).toBe(`${method} hello`);
});

test('a GET with a body loses nothing silently: it passes whole or is refused', async () => {
  const response = await ask(aifd.url, '/x', { body: 'hello' });
  expect(response.status === 200 ? response.text : response.status).toBeOneOf([
    'GET hello',
    400,
    411,
    413,
    501,
  ]);
});

test('CONNECT and nonsense get 4xx', async () => {
  using client = await RawClient.open(aifd.url);
  const response = await client.send('CONNECT evil.tld:443 HTTP/1.1\r\nHost: evil.tld\r\n\r\n').response();
  expectRefusal(response, 400, 'invalid_request_target');
  for (const nonsense of [
    '* * *\r\n\r\n',
    'GET\r\n\r\n',
    '\0\0\0\0\r\n\r\n',
    'GET x HTTP/1.1\r\nHost: a\r\n\r\n',
  ]) {
    using other = await RawClient.open(aifd.url);
    const { status } = await other.send(nonsense).response();
    expect(status).toBeWithin(400, 500);
  }
});
