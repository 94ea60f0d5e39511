import { expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { startUpstream, type UpstreamRequest } from '../support/upstream.ts';

/** The runtime looks every 4 s: a connection that is idle for one second is closed within 8. */
const IDLE_SECONDS = 1;
const CLOSED_WITHIN_MS = 10_000;
/** Longer than the runtime takes to close an idle connection. */
const LONG_MS = 11_000;

const key = 'Authorization: Bearer fk-1';
const chat = { method: 'POST', headers: [key, 'Content-Type: application/json'], body: '{"model":"m"}' };
const sse = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';

async function answer(request: UpstreamRequest): Promise<void> {
  await request.whole();
  switch (request.target) {
    case '/v1/thinks':
      await Bun.sleep(LONG_MS);
      return request.answer(200, 'thought');
    case '/v1/stream':
      return void request.send(`${sse}9\r\ndata: a\n\n\r\n0\r\n\r\n`);
    case '/v1/silent':
      request.send(`${sse}9\r\ndata: a\n\n\r\n`);
      await Bun.sleep(LONG_MS);
      return void request.send('9\r\ndata: b\n\n\r\n0\r\n\r\n');
    case '/v1/later':
      request.send(`${sse}9\r\ndata: a\n\n\r\n`);
      await Bun.sleep(50);
      return void request.send('9\r\ndata: b\n\n\r\n0\r\n\r\n');
  }
  return request.answer(200, '{}', ['Content-Type: application/json']);
}

const start = async (url: string, more: Record<string, string> = {}) =>
  startAifd(
    { OPENAI_BASE_URL: url, FORWARD_KEY: 'fk-1', OPENAI_API_KEY: 'sk-r', METRICS: 'public', ...more },
    IDLE_SECONDS,
  );

const kinds: Record<string, { request: Parameters<typeof requestBytes>; more?: string; status?: number }> = {
  'refused with 401': { request: ['/v1/models'], status: 401 },
  'refused with 401, and half a body': {
    request: ['/v1/models', { method: 'POST', headers: ['Content-Length: 9'] }],
    status: 401,
  },
  'an answer': { request: ['/v1/models', { headers: [key] }] },
  'a POST': { request: ['/v1/chat/completions', chat] },
  'a stream at once': { request: ['/v1/stream', { headers: [key] }] },
  'a stream': { request: ['/v1/later', { headers: [key] }] },
  HEAD: { request: ['/v1/models', { method: 'HEAD', headers: [key] }] },
  health: { request: ['/healthz'] },
  metrics: { request: ['/metrics'] },
  'an answer and half a second head': {
    request: ['/v1/models', { headers: [key] }],
    more: 'GET /v1/models HTTP/1.1\r\nHost:',
  },
};

test('a connection that is idle after a request is closed, whatever the request was', async () => {
  await using upstream = await startUpstream(answer);
  await using aifd = await start(upstream.url);
  const ends = Object.entries(kinds).map(async ([kind, { request, more, status = 200 }]) => {
    using client = await RawClient.open(aifd.url);
    const answered = await client.send(requestBytes(...request)).response(request[1]?.method);
    if (more) client.send(more);
    const end = await client.ended(CLOSED_WITHIN_MS).catch(() => 'still open');
    return [kind, answered.status === status, end === 'still open' ? end : 'closed'];
  });
  expect(await Promise.all(ends)).toEqual(Object.keys(kinds).map((kind) => [kind, true, 'closed']));
}, 20_000);

test('a connection is closed that sends its first head a byte at a time, or not at all', async () => {
  await using aifd = await start('http://127.0.0.1:9');
  using silent = await RawClient.open(aifd.url);
  using slow = await RawClient.open(aifd.url);
  const dripping = setInterval(() => slow.send('x'), 500);
  slow.send('GET / HTTP/1.1\r\nX: ');
  // Before the first request the runtime has a limit of its own, 10 s.
  await Promise.all([silent.ended(16_000), slow.ended(16_000)]);
  clearInterval(dripping);
}, 20_000);

test('an answer is not cut that takes longer than the idle limit, before its head or in its middle', async () => {
  await using upstream = await startUpstream(answer);
  await using aifd = await start(upstream.url);
  await using pacing = await start(upstream.url, { TOKEN_RATE_LIMIT: '{"/v1/silent": "100/second"}' });
  const asked = [
    [aifd.url, '/v1/thinks', 'thought'],
    [aifd.url, '/v1/silent', 'data: a\n\ndata: b\n\n'],
    [pacing.url, '/v1/silent', 'data: a\n\ndata: b\n\n'],
  ] as const;
  await Promise.all(
    asked.map(async ([url, path, text]) => {
      using client = await RawClient.open(url);
      const answered = await client.send(requestBytes(path, { headers: [key] })).response('GET', 20_000);
      expect(answered.text).toBe(text);
      await client.ended(CLOSED_WITHIN_MS);
    }),
  );
}, 40_000);
