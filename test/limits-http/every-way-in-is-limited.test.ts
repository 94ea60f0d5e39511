import { expect, test } from 'bun:test';
import { Client, shakeHands } from '../websocket/client.ts';
import { echo, startWebSocketUpstream } from '../websocket/upstream.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { startAifd } from '../support/aifd.ts';
import { chat, chatPath, chunk, delta, lastChunk, limit, startWay, streamHead } from './support.ts';

test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY'])('%s', async (method) => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour') });
  const asked = method === 'GET' || method === 'HEAD' ? { method } : { method, body: 'x' };
  expect(await way.statuses(2, chatPath, asked)).toEqual([200, 429]);
  expect(way.upstream.requests).toHaveLength(1);
});

test('all methods are one pool', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('2/hour') });
  expect((await way.ask(chatPath, { method: 'HEAD' })).status).toBe(200);
  expect((await way.ask(chatPath)).status).toBe(200);
  expect((await way.ask(chatPath, chat())).status).toBe(429);
});

test('streams', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour') }, async (request) => {
    await request.whole();
    request.send(streamHead + chunk(delta('a')) + lastChunk);
  });
  const first = await way.ask(chatPath, chat({ stream: true }));
  expect(first.text).toBe(delta('a'));
  expect(first.header('ratelimit')).toMatch(/"requests";r=0;/);
  expect((await way.ask(chatPath, chat({ stream: true }))).status).toBe(429);
});

test('multipart uploads', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour', '/v1/audio') });
  const body = '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n';
  const asked = { method: 'POST', headers: ['Content-Type: multipart/form-data; boundary=b'], body };
  expect(await way.statuses(2, '/v1/audio/transcriptions', asked)).toEqual([200, 429]);
});

test('requests on one connection', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour') });
  using client = await RawClient.open(way.url);
  const statuses: number[] = [];
  for (let i = 0; i < 3; i++) statuses.push((await client.send(requestBytes(chatPath)).response()).status);
  expect(statuses).toEqual([200, 429, 429]);
});

test('a WebSocket counts once, whatever goes over it', async () => {
  await using upstream = startWebSocketUpstream(echo);
  await using aifd = await startAifd({
    OPENAI_BASE_URL: upstream.url,
    RATE_LIMIT_BACKEND: 'memory',
    REQ_RATE_LIMIT: limit('2/hour', '/v1/realtime'),
  });
  using first = await Client.open(aifd.url);
  for (let i = 0; i < 20; i++) first.socket.send(`${i}`);
  await first.received(20);
  using second = await shakeHands(aifd.url);
  expect(second.response.status).toBe(101);
  expect(second.response.header('ratelimit')).toMatch(/"requests";r=0;/);
  expect(second.response.header('ratelimit-policy')).toBe('"requests";q=2;w=3600');
  using third = await shakeHands(aifd.url);
  expect(third.response.status).toBe(429);
  expect(third.response.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
  expect(upstream.requests).toHaveLength(2);
});

const offered = (key: string) => [`Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.${key}`];

test('a WebSocket with its key as a sub-protocol is that user', async () => {
  await using upstream = startWebSocketUpstream(echo);
  await using aifd = await startAifd({
    OPENAI_BASE_URL: upstream.url,
    FORWARD_KEY: 'fk-a,fk-b',
    RATE_LIMIT_BACKEND: 'memory',
    REQ_RATE_LIMIT: limit('1/hour', '/v1/realtime'),
  });
  using first = await shakeHands(aifd.url, '/v1/realtime', offered('fk-a'));
  using again = await shakeHands(aifd.url, '/v1/realtime', ['Authorization: Bearer fk-a']);
  using other = await shakeHands(aifd.url, '/v1/realtime', offered('fk-b'));
  expect([first, again, other].map(({ response }) => response.status)).toEqual([101, 429, 101]);
});

test('the health of aifd is not limited', async () => {
  await using way = await startWay({ GLOBAL_RATE_LIMIT: '1/hour' });
  expect(await way.statuses(3, '/healthz')).toEqual([200, 200, 200]);
});

test('keys that are refused are not counted', async () => {
  await using way = await startWay({ FORWARD_KEY: 'fk-a', GLOBAL_RATE_LIMIT: '1/hour' });
  expect(await way.statuses(3)).toEqual([401, 401, 401]);
  expect(await way.statuses(2, chatPath, { headers: ['Authorization: Bearer fk-a'] })).toEqual([200, 429]);
});
