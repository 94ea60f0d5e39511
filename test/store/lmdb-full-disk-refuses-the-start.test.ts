import { expect, test } from 'bun:test';
import { existsSync, readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { openWindowStore } from '../../src/store/windows/open.ts';
import { bytesOf, isRight, keyOf, sampleEntry } from '../entries/sample.ts';
import { hasSmallDisks, smallDisk } from './lmdb-small-disk.ts';

const options = { maxSize: 2 ** 20 };
const failureOf = (opening: Promise<unknown>): Promise<string> =>
  opening.then(
    () => 'it opened',
    (error: Error) => error.message,
  );

// A process that dies of it fails the test as well.
test.skipIf(!hasSmallDisks).each(['4k', '8k', '12k', '16k', '20k', '32k', '64k', '124k'])(
  'a disk of %s is said, with the path and what it takes; with more room it opens',
  async (size) => {
    using disk = smallDisk(size)!;
    const cache = join(disk.path, 'cache');
    const free = Number.parseInt(size, 10) * 1024;
    const needed = `the disk is full: ${free} bytes are free there, and 131072 are needed`;
    expect(await failureOf(openEntryStore('lmdb', cache, options))).toBe(
      `answers can't be kept in ${cache}: ${needed}`,
    );
    expect(await failureOf(openWindowStore('lmdb', disk.path))).toBe(
      `request windows can't be kept in ${join(disk.path, 'windows')}: ${needed}`,
    );
    expect(readdirSync(cache)).toEqual([]);
    disk.resize('16m');
    const store = await openEntryStore('lmdb', cache, options);
    await store.put(keyOf(1), sampleEntry(bytesOf(1, 1000)));
    await store.close();
  },
);

test.skipIf(!hasSmallDisks)('the least disk that is not refused is enough to open', async () => {
  using disk = smallDisk('132k')!;
  const store = await openEntryStore('lmdb', join(disk.path, 'cache'), options);
  expect(await store.get(keyOf(1))).toBeUndefined();
  await store.close();
});

test.skipIf(!hasSmallDisks)(
  'a cache that is there opens on a disk without a free byte, and is read',
  async () => {
    using disk = smallDisk('8m')!;
    const cache = join(disk.path, 'cache');
    let store = await openEntryStore('lmdb', cache, options);
    await store.put(keyOf(1), sampleEntry(bytesOf('1 x', 2000), { model: '1 x' }));
    await store.close();
    try {
      writeFileSync(join(disk.path, 'filler'), Buffer.alloc(2 ** 23));
    } catch {}
    expect(statfsSync(disk.path).bavail).toBe(0);
    store = await openEntryStore('lmdb', cache, options);
    const entry = await store.get(keyOf(1));
    expect(entry && isRight(1, entry)).toBe(true);
    await expect(store.put(keyOf(2), sampleEntry(bytesOf(2, 2000)))).rejects.toThrow('the disk is full');
    await store.close();
  },
);

test.skipIf(!hasSmallDisks)(
  'windows that are there are refused on a full disk: they write at once',
  async () => {
    using disk = smallDisk('100m')!;
    const windows = await openWindowStore('lmdb', disk.path);
    await windows.close();
    try {
      writeFileSync(join(disk.path, 'filler'), Buffer.alloc(100 * 2 ** 20));
    } catch {}
    expect(existsSync(join(disk.path, 'windows/data.mdb'))).toBe(true);
    expect(await failureOf(openWindowStore('lmdb', disk.path))).toContain(
      'the disk is full: 0 bytes are free',
    );
  },
);
