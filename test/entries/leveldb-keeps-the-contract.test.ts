import { expect, test } from 'bun:test';
import { openLevelDb } from '../../src/store/entries/leveldb.ts';
import { entryStoreContract } from './contract.ts';
import { emptyFolder } from './level-engines.ts';
import { spoilBody } from './level-spoil.ts';

let path = '';

entryStoreContract('LevelDB', (options) => openLevelDb((path = emptyFolder()), options), {
  reopen: (options) => openLevelDb(path, options),
  damage: (key) => spoilBody('LevelDB', path, key),
});

test('a second opener is told why not', async () => {
  const folder = emptyFolder();
  const store = await openLevelDb(folder, { maxSize: 2 ** 20 });
  await expect(openLevelDb(folder, { maxSize: 2 ** 20 })).rejects.toThrow(
    `answers can't be kept in ${folder}: another process has it open, perhaps a running aifd`,
  );
  await store.close();
});
