import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'bun:test';
import { openRocksDb } from '../../src/store/entries/rocksdb.ts';
import { entryStoreContract } from './contract.ts';

const emptyDir = (): string => mkdtempSync(join(tmpdir(), 'aifd-entries-'));
let path = '';

entryStoreContract('RocksDB', (options) => openRocksDb((path = emptyDir()), options), {
  reopen: (options) => openRocksDb(path, options),
});

test('a second opener is told why not', async () => {
  const folder = emptyDir();
  const store = await openRocksDb(folder, { maxSize: 2 ** 20 });
  await expect(openRocksDb(folder, { maxSize: 2 ** 20 })).rejects.toThrow(
    `answers can't be kept in ${folder}: another process has it open, perhaps a running aifd`,
  );
  await store.close();
});

test('without the package it is said what to install', async () => {
  const lacking = () => Promise.reject(new Error('Cannot find package'));
  await expect(openRocksDb(emptyDir(), { maxSize: 2 ** 20 }, lacking)).rejects.toThrow(
    /^answers in RocksDB need .*: bun add /,
  );
});
