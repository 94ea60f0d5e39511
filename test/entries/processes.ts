import { expect } from 'bun:test';
import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntryStore } from '../../src/store/entries/store.ts';

export const emptyDir = (): string => mkdtempSync(join(tmpdir(), 'aifd-entries-'));

export const spawnUser = (backend: string, path: string, maxSize: number, seed: number, rounds: number) =>
  Bun.spawn(
    [
      process.execPath,
      join(import.meta.dir, 'user.ts'),
      backend,
      path,
      ...[maxSize, seed, rounds].map(String),
    ],
    { stdin: 'ignore', stdout: 'pipe', stderr: 'inherit' },
  );

/** The length of all files, or what they take of the disk: the larger of both. Bytes. */
export function sizeOfFolder(folder: string): number {
  let sum = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    if (stat?.isFile()) sum += Math.max(stat.size, stat.blocks * 512);
  }
  return sum;
}

/** What a list adds up to is what the store says, and after all were removed that is nothing. */
export async function expectSumsRight(store: EntryStore): Promise<void> {
  const keys: string[] = [];
  let bytes = 0;
  for await (const { key, size } of store.list()) {
    keys.push(key);
    bytes += size;
  }
  expect(await store.stats()).toEqual({ entries: keys.length, bytes });
  expect(await store.remove(keys)).toBe(keys.length);
  expect(await store.stats()).toEqual({ entries: 0, bytes: 0 });
}
