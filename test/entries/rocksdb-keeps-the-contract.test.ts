import { expect, test } from 'bun:test';
import { openRocksDb } from '../../src/store/entries/rocksdb.ts';
import { entryStoreContract } from './contract.ts';
import { emptyFolder } from './level-engines.ts';
import { spoilBody } from './level-spoil.ts';

let path = '';

entryStoreContract('RocksDB', (options) => openRocksDb((path = emptyFolder()), options), {
  reopen: (options) => openRocksDb(path, options),
  damage: (key) => spoilBody('RocksDB', path, key),
});

test('a second opener is told why not', async () => {
  const folder = emptyFolder();
  const store = await openRocksDb(folder, { maxSize: 2 ** 20 });
  await expect(openRocksDb(folder, { maxSize: 2 ** 20 })).rejects.toThrow(
    `answers can't be kept in ${folder}: another process has it open, perhaps a running aifd`,
  );
  await store.close();
});
