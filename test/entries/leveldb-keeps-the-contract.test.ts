import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'bun:test';
import { openLevelDb } from '../../src/store/entries/leveldb.ts';
import { entryStoreContract } from './contract.ts';

const emptyDir = (): string => mkdtempSync(join(tmpdir(), 'aifd-entries-'));
let path = '';

entryStoreContract('LevelDB', (options) => openLevelDb((path = emptyDir()), options), {
  reopen: (options) => openLevelDb(path, options),
});

test('a second opener is told why not', async () => {
  const folder = emptyDir();
  const store = await openLevelDb(folder, { maxSize: 2 ** 20 });
  await expect(openLevelDb(folder, { maxSize: 2 ** 20 })).rejects.toThrow(
    `answers can't be kept in ${folder}: another process has it open, perhaps a running aifd`,
  );
  await store.close();
});

test('without the package it is said what to install', async () => {
  const lacking = () => Promise.reject(new Error('Cannot find package'));
  await expect(openLevelDb(emptyDir(), { maxSize: 2 ** 20 }, lacking)).rejects.toThrow(
    /^answers in LevelDB need .*: bun add /,
  );
});
