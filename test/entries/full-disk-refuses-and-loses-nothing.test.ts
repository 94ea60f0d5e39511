import { afterAll, beforeAll, expect, test } from 'bun:test';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { emptyDir, expectSumsRight } from './processes.ts';
import { bytesOf, isRight, keyOf, sampleEntry } from './sample.ts';

const disk = emptyDir();
const run = (...command: string[]) => Bun.spawnSync(command, { stderr: 'ignore' }).success;
const isMounted = run('mount', '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk);

beforeAll(() => {
  if (!isMounted) console.warn('not tested here: a small disk needs the right to mount');
});
afterAll(() => {
  if (isMounted) run('umount', disk);
});

test.skipIf(!isMounted)(
  'a full disk refuses puts, loses nothing, and is used again when there is room',
  async () => {
    const path = join(disk, 'cache');
    const options = { maxSize: 64 * 2 ** 20 };
    let store = await openEntryStore('lmdb', path, options);
    const kept: number[] = [];
    const refusals = new Set<string>();
    const put = async (name: number) => {
      const model = `${name} x`;
      const length = name % 3 === 0 ? 100_000 : 2000;
      await store.put(keyOf(name), sampleEntry(bytesOf(model, length), { model })).then(
        () => kept.push(name),
        (error: Error) => refusals.add(error.message),
      );
    };
    const expectKept = async () => {
      for (const name of kept) {
        const entry = await store.get(keyOf(name));
        expect({ name, isRight: entry && isRight(name, entry) }).toEqual({ name, isRight: true });
      }
    };
    for (let name = 0; name < 600; name++) await put(name);
    expect([...refusals]).toEqual(['the disk is full']);
    expect(kept.length).toBeGreaterThan(100);
    await expectKept();

    // Another program takes the rest of it as well.
    const filler = join(disk, 'filler');
    try {
      writeFileSync(filler, Buffer.alloc(2 ** 24));
    } catch {}
    for (let name = 600; name < 620; name++) await put(name);
    expect(kept.at(-1)).toBeLessThan(600);
    await expectKept();
    await store.close();

    rmSync(filler);
    store = await openEntryStore('lmdb', path, options);
    await expectKept();
    const gone = kept.splice(0, 60);
    expect(await store.remove(gone.map(keyOf))).toBe(60);
    for (let name = 1001; name < 1003; name++) await put(name);
    expect(kept.slice(-2)).toEqual([1001, 1002]);
    await expectKept();
    await expectSumsRight(store);
    await store.close();
  },
  30_000,
);
