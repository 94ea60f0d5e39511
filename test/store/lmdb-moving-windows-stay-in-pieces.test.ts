import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { openEnvironment } from '../../src/store/lmdb-environment.ts';
import { LmdbWindows } from '../../src/store/windows/lmdb.ts';
import type { Meter } from '../../src/store/windows/store.ts';
import { emptyDir } from './processes.ts';

const START = 1_700_000_000_000;
const MOVING = 'moving-window';
const DAY = 86_400_000;
const meter: Meter = { key: 'user', amount: 1e9, windowMs: DAY, cost: 1 };

/** The records under a folder, smallest key first, as bytes of key and of value. */
async function records(dir: string): Promise<[Buffer, Buffer][]> {
  const { db, gate } = openEnvironment(join(dir, 'windows'), { useWritemap: true, mapSize: 2 ** 30 });
  const all = [...db.getRange()].map(({ key, value }): [Buffer, Buffer] => [key, value]);
  await db.close();
  gate.close();
  return all;
}

async function hits(store: LmdbWindows, count: number, from: number, stepMs = 1): Promise<void> {
  let latest: unknown;
  for (let i = 0; i < count; i++) latest = store.hit([meter], MOVING, from + i * stepMs);
  await latest;
}

const remaining = async (store: LmdbWindows, at: number): Promise<number> =>
  (await store.hit([{ ...meter, cost: 0 }], MOVING, at)).states[0]!.remaining;

test('no record grows with what the window holds', async () => {
  const dir = emptyDir();
  const store = new LmdbWindows(dir);
  await hits(store, 10_000, START);
  expect(await remaining(store, START + 10_000)).toBe(1e9 - 10_000);
  await store.close();
  const sizes = (await records(dir)).map(([, { length }]) => length);
  expect(Math.max(...sizes)).toBeLessThan(400);
  expect(sizes.length).toBeGreaterThan(300);
});

test('pieces go as their hits stop counting', async () => {
  const dir = emptyDir();
  const store = new LmdbWindows(dir);
  await hits(store, 10_000, START);
  await hits(store, 1000, START + DAY + 9000);
  expect(await remaining(store, START + DAY + 10_000)).toBe(1e9 - 1000);
  expect(store.size).toBeLessThan(40);
  await store.close();
});

test('pieces of a window that ended go, and those that the next one has stay', async () => {
  const store = new LmdbWindows(emptyDir());
  await hits(store, 10_000, START);
  const later = START + 3 * DAY;
  await hits(store, 500, later);
  // Each looks at two records.
  for (let i = 0; i < 2000; i++) store.hit([{ ...meter, key: 'other' }], 'fixed-window', later);
  expect(await remaining(store, later + 500)).toBe(1e9 - 500);
  expect(store.size).toBeLessThan(20);
  expect(await remaining(store, later + DAY + 250)).toBe(1e9 - 250);
  await store.close();
});

test('a window that was written in one piece goes on', async () => {
  const dir = emptyDir();
  const store = new LmdbWindows(dir);
  await hits(store, 1, START);
  await store.close();
  const [key] = (await records(dir)).find(([, { length }]) => length > 1)!;
  const { db, gate } = openEnvironment(join(dir, 'windows'), { useWritemap: true, mapSize: 2 ** 30 });
  db.transactionSync(() => db.putSync(key, inOnePiece(1000)));
  await db.close();
  gate.close();
  const after = new LmdbWindows(dir);
  expect(await remaining(after, START + DAY + 100)).toBe(1e9 - 2 * 990);
  await after.settle([meter], MOVING, START + 500, -1, START + 20_000);
  await hits(after, 5, START + 20_000);
  expect(await remaining(after, START + DAY + 100)).toBe(1e9 - 2 * 990 - 4);
  await after.close();
  expect(Math.max(...(await records(dir)).map(([, { length }]) => length))).toBeLessThan(400);
});

/** Ends, used, the oldest time; for each hit the time since, and the cost: one each 10 ms, of 2 each. */
function inOnePiece(count: number): Buffer {
  const bytes = Buffer.alloc(24 + 8 * count);
  bytes.writeDoubleLE(START + (count - 1) * 10 + DAY, 0);
  bytes.writeDoubleLE(2 * count, 8);
  bytes.writeDoubleLE(START, 16);
  for (let i = 0; i < count; i++) {
    bytes.writeUInt32LE(i * 10, 24 + 8 * i);
    bytes.writeUInt32LE(2, 28 + 8 * i);
  }
  return bytes;
}
