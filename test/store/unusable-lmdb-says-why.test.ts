import { expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openWindowStore } from '../../src/store/windows/open.ts';
import { emptyDir } from './processes.ts';

const failureOf = async (dir: string): Promise<string> => {
  try {
    await openWindowStore('lmdb', dir);
  } catch (error) {
    return (error as Error).message;
  }
  return 'it opened';
};

test('a folder that is a file', async () => {
  const file = join(emptyDir(), 'file');
  writeFileSync(file, '');
  expect(await failureOf(file)).toContain(
    `request windows can't be kept in ${join(file, 'windows')}: ENOTDIR`,
  );
});

test.each([
  ['something else', Buffer.alloc(40_000, 'no database ')],
  ['a short file', Buffer.alloc(100)],
])('a data file that is %s', async (_, content) => {
  const dir = emptyDir();
  mkdirSync(join(dir, 'windows'));
  writeFileSync(join(dir, 'windows/data.mdb'), content);
  expect(await failureOf(dir)).toBe(
    `request windows can't be kept in ${join(dir, 'windows')}: data.mdb there is no LMDB file`,
  );
});

test('a backend that there is not; its name may hold a password and is not shown', async () => {
  await expect(openWindowStore('http://:secret@host', '')).rejects.toThrow(
    'windows live in memory, lmdb, redis://…',
  );
});
