import { expect, test } from 'bun:test';
import { RawClient, requestBytes } from '../support/raw.ts';
import { chat, chatPath, completion, jsonType, limit, startWay } from './support.ts';

const strategies = ['fixed-window', 'fixed-window-elastic-expiry', 'moving-window'];
const used = /"requests";r=(\d+)/;

test.each(strategies)('refused by TOKENS_LIMIT: no request is counted (%s)', async (strategy) => {
  await using way = await startWay({
    RATE_LIMIT_STRATEGY: strategy,
    REQ_RATE_LIMIT: limit('3/hour'),
    TOKENS_LIMIT: limit('100/hour'),
  });
  expect(await way.statuses(5, chatPath, chat({ max_tokens: 500 }))).toEqual([429, 429, 429, 429, 429]);
  expect((await way.ask(chatPath, chat({ max_tokens: 1 }))).header('ratelimit')).toMatch(/"requests";r=2;/);
  expect(way.upstream.requests).toHaveLength(1);
});

test('refused by REQ_RATE_LIMIT: no tokens are counted', async () => {
  await using way = await startWay(
    { REQ_RATE_LIMIT: limit('1/hour'), TOKENS_LIMIT: JSON.stringify({ '/v1': '1000/hour' }) },
    async (request) => {
      await request.whole();
      request.answer(200, completion(10), jsonType);
    },
  );
  expect(await way.statuses(9, chatPath, chat({ max_tokens: 500 }))).toEqual([200, ...Array(8).fill(429)]);
  expect((await way.ask('/v1/completions', chat({ max_tokens: 900 }))).status).toBe(200);
});

test('refused by one of two windows: the other counts nothing', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/second;3/hour') });
  await way.ask();
  expect((await way.statuses(6)).filter((status) => status === 429).length).toBeGreaterThan(0);
  const refused = await way.ask();
  const counted = way.upstream.requests.length;
  expect(refused.header('ratelimit')).toContain(`"requests-3600s";r=${3 - counted};`);
});

test.each(strategies)('refused by the queue: it is given back (%s)', async (strategy) => {
  await using way = await startWay(
    {
      RATE_LIMIT_STRATEGY: strategy,
      CONCURRENCY_LIMIT: '1',
      QUEUE_SIZE: '0',
      REQ_RATE_LIMIT: limit('3/hour'),
      TOKENS_LIMIT: limit('1000/hour'),
    },
    async (request, index) => {
      await request.whole();
      if (index > 0) request.answer(200, completion(10), jsonType);
    },
  );
  using first = await way.begin(chatPath, chat({ max_tokens: 100 }));
  const holder = await way.upstream.request(0);
  expect(await way.statuses(4, chatPath, chat({ max_tokens: 100 }))).toEqual([503, 503, 503, 503]);
  holder.answer(200, completion(10), jsonType);
  await first.response();
  const next = await way.ask(chatPath, chat({ max_tokens: 100 }));
  expect(used.exec(next.header('ratelimit') ?? '')?.[1]).toBe('1');
  expect(Number(next.header('x-ratelimit-remaining-tokens'))).toBeGreaterThan(870);
});

test('waits in the queue and leaves: it is given back', async () => {
  await using way = await startWay(
    { CONCURRENCY_LIMIT: '1', REQ_RATE_LIMIT: limit('3/hour') },
    async (request, index) => {
      await request.whole();
      if (index > 0) request.answer(200, 'ok');
    },
  );
  using first = await way.begin();
  const holder = await way.upstream.request(0);
  const second = await way.begin();
  // It is counted before it waits: the third sees it.
  const third = await way.begin();
  await Bun.sleep(20);
  second.leave();
  third.leave();
  await Bun.sleep(20);
  holder.answer(200, 'ok');
  await first.response();
  expect((await way.ask()).header('ratelimit')).toMatch(/"requests";r=1;/);
});

test('a large upload that is refused leaves the connection usable, or closed in order', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour', '/v1/files') });
  await way.ask('/v1/files');
  using client = await RawClient.open(way.url);
  const body = Buffer.alloc(4 << 20, 0x61);
  const asked = { method: 'POST', headers: ['Content-Type: multipart/form-data; boundary=b'], body };
  client.send(requestBytes('/v1/files', asked));
  const refused = await client.response('POST');
  expect(refused.status).toBe(429);
  expect(refused.complete).toBe(true);
  if (client.state === 'open') {
    client.send(requestBytes('/v1/models'));
    expect((await client.response()).status).toBe(200);
  }
});
