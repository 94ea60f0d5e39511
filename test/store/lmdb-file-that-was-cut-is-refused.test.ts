import { expect, test } from 'bun:test';
import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { openEnvironment } from '../../src/store/lmdb-environment.ts';
import { openWindowStore } from '../../src/store/windows/open.ts';
import { bytesOf, keyOf, sampleEntry } from '../entries/sample.ts';
import { Dice } from '../support/random.ts';
import { emptyDir } from './processes.ts';

const mapSize = 2 ** 30;
const key = (i: number) => Buffer.from(`key ${i}`);
const valueOf = (i: number) => Buffer.alloc((i * 577) % 9000, i);

/** An environment with 60 values of which each third was removed. */
async function make(pageSize = 4096): Promise<string> {
  const path = emptyDir();
  const db = open<Buffer, Buffer>({
    path,
    noSubdir: false,
    pageSize,
    noSync: true,
    overlappingSync: false,
    mapSize,
    encoding: 'binary',
    keyEncoding: 'binary',
  });
  for (let i = 0; i < 60; i++) db.transactionSync(() => db.putSync(key(i), valueOf(i)));
  for (let i = 0; i < 60; i += 3) db.transactionSync(() => db.removeSync(key(i)));
  await db.close();
  return join(path, 'data.mdb');
}

/** @returns why the file, cut, isn't opened; nothing when it is, and all that was in it is there */
async function refusalOf(
  file: string,
  bytes: number,
  change?: (copy: string) => void,
): Promise<string | undefined> {
  const path = emptyDir();
  const copy = join(path, 'data.mdb');
  copyFileSync(file, copy);
  truncateSync(copy, bytes);
  change?.(copy);
  let environment;
  try {
    environment = openEnvironment(path, { useWritemap: false, mapSize });
  } catch (error) {
    return (error as Error).message;
  }
  for (let i = 0; i < 60; i++)
    expect(environment.db.getBinary(key(i))).toEqual(i % 3 === 0 ? undefined : valueOf(i));
  await environment.db.close();
  environment.gate.close();
  return undefined;
}

// Reading behind the file's end would end this process.
test.each([4096, 16_384])(
  'pages of %d bytes: cut anywhere it is refused, or all is there',
  async (pageSize) => {
    const file = await make(pageSize);
    const { size } = statSync(file);
    expect(size % pageSize).toBe(0);
    expect(await refusalOf(file, size)).toBeUndefined();
    const dice = new Dice(pageSize);
    let refused = 0;
    for (let i = 0; i < 60; i++) {
      const refusal = await refusalOf(file, dice.int(2 * pageSize, size - 1));
      if (refusal === undefined) continue;
      refused += 1;
      expect(refusal).toMatch(/^data\.mdb there is cut short: \d+ bytes where it says \d+; remove it$/);
      expect(refusal).toContain(`says ${size};`);
    }
    expect(refused).toBeGreaterThan(50);
    expect(await refusalOf(file, 2 * pageSize - 1)).toContain('is cut short');
    expect(await refusalOf(file, 159)).toBe('data.mdb there is no LMDB file');
    expect(await refusalOf(file, 2 * size)).toBeUndefined();
  },
  20_000,
);

test('a second meta page that is none is refused', async () => {
  const file = await make();
  const { size } = statSync(file);
  const refusal = await refusalOf(file, size, (copy) => {
    const bytes = readFileSync(copy);
    bytes.fill(0xa5, 4096, 8192);
    writeFileSync(copy, bytes);
  });
  expect(refusal).toBe('data.mdb there is damaged; remove it');
});

test('a file that a process died making is made again', async () => {
  const folder = emptyDir();
  await open({ path: folder, noSubdir: false, mapSize, noSync: true, overlappingSync: false }).close();
  const path = emptyDir();
  copyFileSync(join(folder, 'data.mdb'), join(path, 'data.mdb'));
  truncateSync(join(path, 'data.mdb'), 4096);
  const { db, gate } = openEnvironment(path, { useWritemap: false, mapSize });
  db.transactionSync(() => db.putSync(key(1), valueOf(1)));
  expect(db.getBinary(key(1))).toEqual(valueOf(1));
  await db.close();
  gate.close();
});

const meter = (i: number) => ({ key: `user ${i}`, amount: 5, windowMs: 1e6, cost: 1 });

test('windows: their file may lose what is a hole, and no more', async () => {
  const dir = emptyDir();
  const file = join(dir, 'windows/data.mdb');
  let store = await openWindowStore('lmdb', dir);
  for (let i = 0; i < 3000; i++) await store.hit([meter(i)], 'fixed-window', 1000);
  await store.close();
  const { size } = statSync(file);
  truncateSync(file, size >> 1);
  store = await openWindowStore('lmdb', dir);
  expect(statSync(file).size).toBe(size);
  for (let i = 0; i < 3000; i += 100)
    expect((await store.hit([meter(i)], 'fixed-window', 1000)).states[0]!.remaining).toBe(3);
  await store.close();
  truncateSync(file, 40_960);
  await expect(openWindowStore('lmdb', dir)).rejects.toThrow(
    /^request windows can't be kept in .*: data\.mdb there is cut short: 40960 bytes where it says \d+; remove it$/,
  );
});

test('the cache says that its folder may go', async () => {
  const path = emptyDir();
  const store = await openEntryStore('lmdb', path, { maxSize: 2 ** 20 });
  for (let i = 0; i < 20; i++) await store.put(keyOf(i), sampleEntry(bytesOf(i, 9000)));
  await store.close();
  const file = join(path, 'data.mdb');
  truncateSync(file, statSync(file).size >> 1);
  const refusal = expect(openEntryStore('lmdb', path, { maxSize: 2 ** 20 })).rejects;
  await refusal.toThrow(
    /is cut short: \d+ bytes where it says \d+; if the folder has only the cache in it, remove the folder$/,
  );
});
