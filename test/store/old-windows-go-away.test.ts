import { expect, test } from 'bun:test';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { LmdbWindows } from '../../src/store/windows/lmdb.ts';
import { MemoryWindows } from '../../src/store/windows/memory.ts';
import { openWindowStore } from '../../src/store/windows/open.ts';
import { strategies, type WindowStore } from '../../src/store/windows/store.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { emptyDir } from './processes.ts';

const START = 1_700_000_000_000;
const SECOND = 1000;

const meterOf = (user: number) => ({ key: `user ${user}`, amount: 10, windowMs: SECOND, cost: 1 });

/** New users, ten a millisecond: a window is over when 10,000 others have come. */
async function comeAndGo(store: WindowStore, users: number, strategy: (typeof strategies)[number]) {
  for (let user = 0; user < users; user++) {
    await store.hit([meterOf(user)], strategy, START + Math.floor(user / 10));
  }
}

test.each(strategies)('memory holds the users of the window and few more (%s)', async (strategy) => {
  const store = new MemoryWindows();
  await comeAndGo(store, 200_000, strategy);
  expect(store.size).toBeLessThan(30_000);
});

test.each(strategies)('LMDB lets go of windows as others are hit (%s)', async (strategy) => {
  const store = new LmdbWindows(emptyDir());
  for (let user = 0; user < 2000; user++) store.hit([meterOf(user)], strategy, START);
  // Later than what is kept for clocks that differ; each of these hits looks at two windows.
  const later = START + 120 * SECOND;
  for (let i = 0; i < 2000; i++) store.hit([meterOf(0)], strategy, later);
  expect(store.size).toBeLessThan(50);
  await store.close();
});

test.each(strategies)('a user with one request takes at most 200 bytes on disk (%s)', async (strategy) => {
  const dir = emptyDir();
  const store = await openWindowStore('lmdb', dir);
  const users = 20_000;
  for (let user = 0; user < users; user++)
    store.hit([{ ...meterOf(user), windowMs: 3_600_000 }], strategy, START);
  await store.close();
  // Blocks that are taken: the file is sparse.
  expect((statSync(join(dir, 'windows/data.mdb')).blocks * 512) / users).toBeLessThan(200);
});

test.skipIf(!hasRedis).each(strategies)('every key in Redis goes by itself (%s)', async (strategy) => {
  await using redis = await startRedis();
  const store = await openWindowStore(redis.url, '');
  const meter = { ...meterOf(1), cost: 2 };
  for (const at of [0, 0, 5]) await store.hit([meter], strategy, START + at);
  await store.settle([meter], strategy, START, -1, START + 6);
  await store.settle([meter], strategy, START + 5, -1, START + 6);
  const keys = (await redis.command('KEYS', '*')) as string[];
  expect(keys.length).toBe(strategy === 'moving-window' ? 2 : 1);
  for (const key of keys) {
    expect(key).toStartWith('aifd:w:');
    const left = (await redis.command('PTTL', key)) as number;
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(62 * SECOND);
  }
  await store.close();
});
