import { expect, test } from 'bun:test';
import { RedisWindows } from '../../src/store/windows/redis.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

const meter = { key: 'user', amount: 10, windowMs: 60_000, cost: 1 };
const hit = (store: RedisWindows) => store.hit([meter], 'fixed-window', 1_700_000_000_000);
const succeeds = (store: RedisWindows) =>
  hit(store).then(
    ({ allowed }) => allowed,
    () => false,
  );

test.skipIf(!hasRedis)('hits reject while it is gone and succeed when it is back', async () => {
  const first = await startRedis();
  const store = new RedisWindows(first.url);
  expect((await hit(store)).states[0]!.remaining).toBe(9);
  await first[Symbol.asyncDispose]();
  await until(async () => !(await succeeds(store)), 'a hit rejects');
  expect(hit(store)).rejects.toThrow();
  const again = await startRedis(first.port);
  await until(() => succeeds(store), 'a hit succeeds');
  await again[Symbol.asyncDispose]();
  await store.close();
  expect(hit(store)).rejects.toThrow('closed');
});

test.skipIf(!hasRedis)('a Redis that hangs is gone too, until it goes on', async () => {
  await using redis = await startRedis();
  const store = new RedisWindows(redis.url);
  await hit(store);
  process.kill(redis.pid, 'SIGSTOP');
  expect(hit(store)).rejects.toThrow();
  await until(async () => !(await succeeds(store)), 'a hit rejects');
  process.kill(redis.pid, 'SIGCONT');
  await until(() => succeeds(store), 'a hit succeeds');
  await store.close();
});

test.skipIf(!hasRedis)('the script is sent again to a Redis that forgot it', async () => {
  await using redis = await startRedis();
  const store = new RedisWindows(redis.url);
  await hit(store);
  await redis.command('SCRIPT', 'FLUSH');
  expect((await hit(store)).states[0]!.remaining).toBe(8);
  await store.close();
});

test('one that was never there rejects', async () => {
  const store = new RedisWindows('redis://127.0.0.1:1');
  expect(await succeeds(store)).toBe(false);
  await store.close();
});
