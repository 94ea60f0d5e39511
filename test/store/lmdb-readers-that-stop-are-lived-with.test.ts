import { expect, test } from 'bun:test';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { LmdbWindows } from '../../src/store/windows/lmdb.ts';
import { emptyDir } from './processes.ts';

const mapBytes = 2 ** 28;
const reader = join(import.meta.dir, 'lmdb-reader.ts');

async function startReader(dir: string) {
  const child = Bun.spawn([process.execPath, reader, dir, String(mapBytes)], { stdout: 'pipe' });
  await child.stdout.getReader().read();
  return child;
}

/** @returns how many were counted before one was refused for want of room */
async function hits(store: LmdbWindows, count: number): Promise<number> {
  for (let i = 0; i < count; i++) {
    const meter = { key: `user ${i % 500}`, amount: 1e9, windowMs: 1e7, cost: 1 };
    try {
      // oxlint-disable-next-line no-await-in-loop
      await store.hit([meter], 'fixed-window', 1000);
    } catch (error) {
      expect((error as Error).message).toContain('have no room left');
      return i;
    }
  }
  return count;
}

const bytesOf = (dir: string): number => statSync(join(dir, 'windows/data.mdb')).blocks * 512;

test('one that was killed as it read lets the file not grow', async () => {
  const dir = emptyDir();
  const store = new LmdbWindows(dir, mapBytes);
  const child = await startReader(dir);
  child.kill('SIGKILL');
  await child.exited;
  expect(await hits(store, 20_000)).toBe(20_000);
  expect(bytesOf(dir)).toBeLessThan(2 ** 23);
  await store.close();
}, 20_000);

test('one that is stopped: hits are refused before the map ends, and count again when it is gone', async () => {
  const dir = emptyDir();
  let store = new LmdbWindows(dir, mapBytes);
  const child = await startReader(dir);
  child.kill('SIGSTOP');
  try {
    expect(await hits(store, 100_000)).toBeLessThan(100_000);
    expect(bytesOf(dir)).toBeGreaterThan(2 ** 27);
    expect(statSync(join(dir, 'windows/data.mdb')).size).toBe(mapBytes);
  } finally {
    child.kill('SIGKILL');
    await child.exited;
  }
  expect(await hits(store, 20_000)).toBe(20_000);
  await store.close();
  store = new LmdbWindows(dir, mapBytes);
  expect(await hits(store, 20_000)).toBe(20_000);
  expect(statSync(join(dir, 'windows/data.mdb')).size).toBe(mapBytes);
  await store.close();
}, 30_000);
