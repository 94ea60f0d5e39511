import { expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { RawClient } from '../support/raw.ts';
import {
  asks,
  begin,
  chat,
  chatPath,
  expectHit,
  json,
  jsonType,
  numbered,
  settled,
  startCached,
  statusOf,
} from './support.ts';

test('a failed try is tried again, and its answer is shared and kept', async () => {
  await using way = await startCached({ MAX_RETRIES: '2' }, async (request, index) => {
    await request.whole();
    await Bun.sleep(30);
    if (index === 0) request.answer(503, 'busy', ['Retry-After: 0']);
    else request.answer(200, numbered(index), jsonType);
  });
  const clients = [await begin(way.url), await begin(way.url)];
  for (const client of clients) expect((await client.response('POST')).text).toBe(numbered(1));
  await settled();
  expectHit(await way.ask(chatPath, chat()));
  expect(asks(way)).toBe(2);
  for (const client of clients) client.leave();
});

test('a WebSocket on a cached route goes upstream', async () => {
  await using way = await startCached({ CACHE_ROUTES: '["/v1/realtime"]' }, (request) => {
    request.answer(426, 'no', []);
  });
  using socket = await RawClient.open(way.url);
  socket.send(
    'GET /v1/realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  expect((await socket.response()).status).toBe(426);
  expect(asks(way)).toBe(1);
});

test('a compressed request passes as it is, and is not kept', async () => {
  await using way = await startCached();
  const body = gzipSync('{"caching":true,"model":"m","messages":[]}');
  const asked = { method: 'POST', headers: [json, 'Content-Encoding: gzip'], body };
  for (let i = 1; i < 3; i++) {
    expect(statusOf(await way.ask(chatPath, asked))).toBe('aifd; fwd=bypass');
    expect(way.upstream.requests.at(-1)!.message.body.equals(body)).toBe(true);
  }
});

test('an answer of a status that can not be expressed is refused, and leaves its place', async () => {
  await using way = await startCached({ CONCURRENCY_LIMIT: '1', QUEUE_SIZE: '0' }, async (request) => {
    await request.whole();
    request.answer(799, 'x');
  });
  for (let i = 0; i < 3; i++) expect((await way.ask(chatPath, chat())).status).toBe(502);
  await settled();
});

test('a client that resets while the answer is made leaves nothing behind', async () => {
  await using way = await startCached({ CONCURRENCY_LIMIT: '1', QUEUE_SIZE: '0' }, async (request) => {
    await request.whole();
    await Bun.sleep(5);
    if (request.message.complete) request.answer(200, numbered(0), jsonType);
  });
  for (let i = 0; i < 40; i++) {
    const client = await begin(way.url, chat({ i }));
    await Bun.sleep(i % 12);
    client.socket.resetAndDestroy();
    await Bun.sleep(12);
  }
  await settled();
  expect((await way.ask(chatPath, chat({ last: true }))).status).toBe(200);
});

test('HEAD on a cached GET route has no body and asks each time', async () => {
  await using way = await startCached({ CACHE_ROUTES: '["/v1/models"]' }, async (request) => {
    await request.whole();
    if (request.method === 'HEAD')
      request.send('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n');
    else request.answer(200, '{"data":[]}', jsonType);
  });
  await way.ask('/v1/models');
  await settled();
  const head = await way.ask('/v1/models', { method: 'HEAD' });
  expect([head.status, head.body.length, statusOf(head)]).toEqual([200, 0, 'aifd; fwd=method']);
  expectHit(await way.ask('/v1/models'));
});
