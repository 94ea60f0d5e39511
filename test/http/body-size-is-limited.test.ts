import { afterAll, expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask, RawClient } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const upstream = await startUpstream();
const aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, MAX_BODY_SIZE: '1000' });
afterAll(async () => {
  await aifd[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const json = ['Content-Type: application/json'];

test('a body of just MAX_BODY_SIZE passes', async () => {
  expect((await ask(aifd.url, '/x', { method: 'POST', body: 'x'.repeat(1000) })).status).toBe(200);
  expect((await ask(aifd.url, '/x', { method: 'POST', body: 'x'.repeat(1000), headers: json })).status).toBe(
    200,
  );
});

test('a Content-Length beyond it is refused before anything is upstream', async () => {
  const before = upstream.requests.length;
  const response = await ask(aifd.url, '/x', { method: 'POST', body: 'x'.repeat(1001), headers: json });
  const message = expectRefusal(response, 413, 'request_too_large');
  expect(message).toContain('1000');
  expect(message).toContain('1001');
  expect(upstream.requests).toHaveLength(before);
});

test.each([
  ['json', json],
  ['no', []],
])('a chunked body (%s type) beyond it is refused', async (_type, headers) => {
  const before = upstream.requests.length;
  using client = await RawClient.open(aifd.url);
  const head = ['POST /x HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked', ...headers].join('\r\n');
  client.send(`${head}\r\n\r\n`);
  const chunk = `${(300).toString(16)}\r\n${'x'.repeat(300)}\r\n`;
  for (let i = 0; i < 5; i++) client.send(chunk);
  client.send('0\r\n\r\n');
  expectRefusal(await client.response('POST'), 413, 'request_too_large');
  // The upstream must never take a part for the whole.
  for (const request of upstream.requests.slice(before)) {
    await request.gone;
    expect(request.message.complete).toBe(false);
    expect(request.message.body.length).toBeLessThanOrEqual(1000);
  }
});
