import { expect, test } from 'bun:test';
import { requestBytes } from '../support/raw.ts';
import {
  askAndKeep,
  asks,
  chat,
  chatPath,
  expectHit,
  json,
  numbered,
  startCached,
  statusOf,
} from './support.ts';

test('a hit asks nobody, and says so in its header fields', async () => {
  await using way = await startCached({}, async (request, index) => {
    await request.whole();
    request.answer(200, numbered(index), [
      'Content-Type: application/json; charset=utf-8',
      'Date: Mon, 01 Jan 2001 00:00:00 GMT',
      'Set-Cookie: __cf_bm=1; path=/',
      'x-request-id: req_upstream',
      'x-ratelimit-remaining-requests: 7',
      'openai-processing-ms: 12',
      'openai-version: 2020-10-01',
      'Server: upstream',
      'Via: proxy',
      'Retry-After: 3',
      'Cache-Status: other; hit',
      'Age: 1000',
      'Cache-Control: no-cache',
      'ETag: "1"',
    ]);
  });
  const first = await askAndKeep(way);
  // RFC 9211 §2: each cache adds its own behind.
  expect(statusOf(first)).toBe('other; hit, aifd; fwd=uri-miss; stored');
  const hit = await way.ask(chatPath, chat());
  const again = await way.ask(chatPath, chat());
  expect(asks(way)).toBe(1);
  expect(hit.status).toBe(200);
  expect(hit.body).toEqual(first.body);
  expect(statusOf(hit)).toMatch(/^aifd; hit; ttl=863(99|9\d|89)$/);
  expect(hit.all('cache-status')).toHaveLength(1);
  expect(hit.all('age')).toEqual([expect.stringMatching(/^[0-5]$/)]);
  expect(hit.all('content-type')).toEqual(['application/json; charset=utf-8']);
  expect(hit.all('content-length')).toEqual([String(first.body.length)]);
  expect(hit.header('openai-version')).toBe('2020-10-01');
  for (const name of [
    'set-cookie',
    'x-ratelimit-remaining-requests',
    'openai-processing-ms',
    'via',
    'retry-after',
    'etag',
    'cache-control',
  ])
    expect([name, hit.header(name)]).toEqual([name, undefined]);
  expect(hit.header('date')).not.toContain('2001');
  expect(hit.all('x-request-id')).toHaveLength(1);
  expect(hit.header('x-request-id')).not.toBe('req_upstream');
  expect(again.header('x-request-id')).not.toBe(hit.header('x-request-id'));
});

test('age grows by the second, and ttl shrinks', async () => {
  await using way = await startCached();
  await askAndKeep(way);
  await Bun.sleep(1100);
  const hit = await way.ask(chatPath, chat());
  const age = Number(hit.header('age'));
  const ttl = Number(/ttl=(\d+)/.exec(statusOf(hit))?.[1]);
  expect(age).toBeGreaterThanOrEqual(1);
  expect([86_398, 86_399]).toContain(age + ttl);
});

test('hits on one connection keep it open', async () => {
  await using way = await startCached();
  await askAndKeep(way);
  using client = await way.begin(chatPath, chat());
  expectHit(await client.response('POST'));
  expectHit(await client.send(requestBytes(chatPath, chat())).response('POST'));
});

test('a body in chunks is answered from what a plain one left, and the reverse', async () => {
  await using way = await startCached();
  await askAndKeep(way);
  using client = await way.begin('/v1/models');
  await client.response();
  const body = chat().body as string;
  const head = `POST ${chatPath} HTTP/1.1\r\nHost: x\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  client.send(
    `${head}5\r\n${body.slice(0, 5)}\r\n${(body.length - 5).toString(16)}\r\n${body.slice(5)}\r\n0\r\n\r\n`,
  );
  expectHit(await client.response('POST'));
});

test('a body without a media type is looked at too', async () => {
  await using way = await startCached();
  await askAndKeep(way);
  expectHit(await way.ask(chatPath, { method: 'POST', body: chat().body! }));
});
