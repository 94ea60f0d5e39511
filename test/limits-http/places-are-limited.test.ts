import { expect, test } from 'bun:test';
import type { RawClient } from '../support/raw.ts';
import { expectRefusal } from '../support/refusal.ts';
import { until } from '../support/until.ts';
import { startUpstream, type UpstreamRequest } from '../support/upstream.ts';
import { bearer, chatPath, limit, startWay, type Way } from './support.ts';

/** An upstream that keeps each request until it is told, and counts those that it has at once. */
async function startHolding(env: Record<string, string>) {
  const held: UpstreamRequest[] = [];
  const most = { now: 0, ever: 0 };
  const way = await startWay(env, (request) => {
    held.push(request);
    most.ever = Math.max(most.ever, ++most.now);
  });
  return Object.assign(way, {
    held,
    most,
    async next(): Promise<UpstreamRequest> {
      await until(() => held.length > 0, 'a request is upstream');
      return held.shift()!;
    },
    answer(request: UpstreamRequest): void {
      most.now--;
      request.answer(200, 'ok');
    },
  });
}

const as = (user: string, name = user) => ({ headers: [bearer(user), `x-name: ${name}`] });
const nameOf = (request: UpstreamRequest): string => request.header('x-name')!;

/** Sends it and waits until aifd has surely read it: another request on a connection opened later was answered. */
async function queue(way: Way, user: string, name?: string): Promise<RawClient> {
  const client = await way.begin(chatPath, as(user, name));
  await way.ask('/healthz');
  return client;
}

test('never more at the upstream than CONCURRENCY_LIMIT, and all come to their turn', async () => {
  await using way = await startHolding({ CONCURRENCY_LIMIT: '3' });
  const all = Array.from({ length: 30 }, (_, i) => way.ask(chatPath, as(`user ${i % 4}`.replace(' ', ''))));
  for (let i = 0; i < 30; i++) way.answer(await way.next());
  expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(30).fill(200));
  expect(way.most.ever).toBe(3);
});

test('users take turns: a hundred requests of one do not delay one of another', async () => {
  await using way = await startHolding({ CONCURRENCY_LIMIT: '1' });
  const clients = [await queue(way, 'greedy', 'g0')];
  const first = await way.next();
  for (let i = 1; i < 30; i++) clients.push(await queue(way, 'greedy', `g${i}`));
  clients.push(await queue(way, 'modest', 'm'));
  way.answer(first);
  const order: string[] = [];
  for (let i = 0; i < 5; i++) {
    const request = await way.next();
    order.push(nameOf(request));
    way.answer(request);
  }
  expect(order.slice(0, 2)).toContain('m');
  expect(order.filter((name) => name !== 'm')).toEqual(['g1', 'g2', 'g3', 'g4']);
  for (const client of clients) client.leave();
});

test('a client that leaves the queue frees its place in it', async () => {
  await using way = await startHolding({ CONCURRENCY_LIMIT: '1', QUEUE_SIZE: '1' });
  using a = await queue(way, 'a');
  const first = await way.next();
  const b = await queue(way, 'b');
  expectRefusal(await way.ask(chatPath, as('c')), 503, 'overloaded');
  b.leave();
  const d = await until(async () => {
    const client = await queue(way, 'd');
    if (!client.log.includes('503')) return client;
    client.leave();
    return undefined;
  }, 'there is a place in the queue again');
  way.answer(first);
  const second = await way.next();
  expect(nameOf(second)).toBe('d');
  way.answer(second);
  expect((await d.response()).status).toBe(200);
  expect((await a.response()).status).toBe(200);
});

test('a client that leaves while it is served gives its place to the next', async () => {
  await using way = await startHolding({ CONCURRENCY_LIMIT: '1' });
  const a = await queue(way, 'a');
  await way.next();
  using b = await queue(way, 'b');
  a.leave();
  way.answer(await way.next());
  expect((await b.response()).status).toBe(200);
});

test('over QUEUE_SIZE: 503 with when to come back; the user’s own limit: 429', async () => {
  await using way = await startHolding({ CONCURRENCY_LIMIT: '1', QUEUE_SIZE: '0' });
  using a = await queue(way, 'a');
  await way.next();
  const refused = await way.ask(chatPath, as('b'));
  expectRefusal(refused, 503, 'overloaded');
  expect(Number(refused.header('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(Number(refused.header('retry-after-ms'))).toBeGreaterThanOrEqual(1000);
  a.leave();

  await using own = await startHolding({ USER_CONCURRENCY_LIMIT: '1', QUEUE_SIZE: '0' });
  using c = await queue(own, 'c');
  const kept = await own.next();
  const second = await own.ask(chatPath, as('c'));
  expectRefusal(second, 429, 'concurrency_limit_exceeded');
  expect(Number(second.header('retry-after'))).toBeGreaterThanOrEqual(1);
  using d = await queue(own, 'd');
  own.answer(await own.next());
  own.answer(kept);
  expect([(await c.response()).status, (await d.response()).status]).toEqual([200, 200]);
});

test('QUEUE_TIMEOUT ends the wait', async () => {
  await using way = await startHolding({ CONCURRENCY_LIMIT: '1', QUEUE_TIMEOUT: '0.05' });
  using a = await queue(way, 'a');
  const first = await way.next();
  const refused = await way.ask(chatPath, as('b'));
  expectRefusal(refused, 503, 'overloaded');
  expect(Number(refused.header('retry-after'))).toBeGreaterThanOrEqual(1);
  way.answer(first);
  await a.response();
  expect(way.upstream.requests).toHaveLength(1);
});

test('USER_CONCURRENCY_LIMIT is over all targets, CONCURRENCY_LIMIT is of each', async () => {
  await using other = await startUpstream();
  const extra = { EXTRA_BASE_URL: other.url, EXTRA_ROUTE_PREFIX: '/other' };
  await using way = await startHolding({ ...extra, CONCURRENCY_LIMIT: '1', QUEUE_SIZE: '0' });
  using a = await queue(way, 'a');
  await way.next();
  expect((await way.ask('/other/x', as('a'))).status).toBe(200);
  a.leave();

  await using own = await startHolding({ ...extra, USER_CONCURRENCY_LIMIT: '1', QUEUE_SIZE: '0' });
  using b = await queue(own, 'b');
  await own.next();
  expect((await own.ask('/other/x', as('b'))).status).toBe(429);
  expect((await own.ask('/other/x', as('c'))).status).toBe(200);
  b.leave();
});

test('a request refused by its windows takes no place', async () => {
  const env = { CONCURRENCY_LIMIT: '1', QUEUE_SIZE: '0', REQ_RATE_LIMIT: limit('1/hour') };
  await using way = await startWay(env);
  expect(await way.statuses(3)).toEqual([200, 429, 429]);
  expect(await way.statuses(1, '/v1/models')).toEqual([200]);
});
