import { expect, test } from 'bun:test';
import { openEnvironment } from '../../src/store/lmdb-environment.ts';
import { UsageStore, usageFolder } from '../../src/store/usage/lmdb.ts';
import { beganAt, kinds } from '../../src/store/usage/keys.ts';
import { DAY_MS } from '../../src/store/usage/store.ts';
import { Sweeper } from '../../src/store/usage/sweep.ts';
import { emptyDir, openStore, recordWith, sumOf } from './records.ts';

test('days older than they are kept go, hours after 14 days, others stay', async () => {
  const dir = emptyDir();
  const { store } = openStore(dir, { keepMs: 30 * DAY_MS });
  const now = Date.now();
  for (const days of [0, 10, 20, 29, 32, 400]) store.add(recordWith({ at: now - days * DAY_MS }));
  store.flush();
  await store.close();
  const reader = new UsageStore(dir);
  expect(sumOf(reader, 'requests', 'day')).toBe(4);
  expect(sumOf(reader, 'requests', 'hour')).toBe(2);
  await reader.close();
});

test('a step is bounded, and steps come to the end', async () => {
  const { store } = openStore(emptyDir(), { keepMs: DAY_MS });
  const long = Date.now() - 100 * DAY_MS;
  for (let i = 0; i < 900; i++) store.add(recordWith({ at: long, user: `k:${i}` }));
  store.flush();
  expect(sumOf(store, 'requests', 'day')).toBeGreaterThan(0);
  store.flush();
  expect(sumOf(store, 'requests', 'day')).toBeGreaterThan(0);
  for (let i = 0; i < 4; i++) store.flush();
  expect(sumOf(store, 'requests', 'day')).toBe(0);
  expect(sumOf(store, 'requests', 'hour')).toBe(0);
  await store.close();
});

test('where there is too much the oldest hours go, then the oldest days', async () => {
  const dir = emptyDir();
  const { store } = openStore(dir);
  const now = Date.now();
  for (let days = 0; days < 10; days++) store.add(recordWith({ at: now - days * DAY_MS }));
  store.flush();
  await store.close();
  const { db, gate } = openEnvironment(usageFolder(dir), { mapSize: 2 ** 30 });
  const has = (kind: number) => [...db.getKeys()].filter((key) => key[0] === kind);
  const { entryCount } = db.getStats() as { entryCount: number };
  const hours = has(kinds.hour).length;
  const step = (most: number) => {
    const keys = new Sweeper(db, 90 * DAY_MS, most).step(now);
    db.transactionSync(() => keys.forEach((key) => db.removeSync(key)));
  };
  const oldest = beganAt(has(kinds.hour)[0]!);
  step(entryCount - 4);
  expect(has(kinds.hour)).toHaveLength(hours - 4);
  expect(beganAt(has(kinds.hour)[0]!)).toBeGreaterThan(oldest);
  step(entryCount - hours);
  expect(has(kinds.hour)).toHaveLength(0);
  const days = has(kinds.day).length;
  step(entryCount - hours - 3);
  expect(has(kinds.day)).toHaveLength(days - 3);
  await db.close();
  gate.close();
});
