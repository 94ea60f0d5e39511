import { expect, test } from 'bun:test';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.ts';
import { levelEngineNames, levelEngines } from './level-engines.ts';
import { mountSmallDisk } from './level-full-disk.ts';
import { bytesOf, isBodyOf, keyOf, sampleEntry } from './sample.ts';

const MIB = 2 ** 20;
const DISK = 24 * MIB;

const disk = mountSmallDisk(DISK);
disk?.unmount();

test.skipIf(!disk).each(levelEngineNames)('%s', async (engine) => {
  const { path, unmount } = mountSmallDisk(DISK)!;
  const options = { maxSize: 256 * MIB };
  let store = await levelEngines[engine](join(path, 'entries'), options);
  try {
    const kept: string[] = [];
    const put = async (name: string): Promise<string | undefined> => {
      try {
        await store.put(keyOf(name), sampleEntry(bytesOf(name, 30_000)));
        kept.push(name);
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    };
    const expectAll = () => {
      const gone = kept.filter((name) => {
        const entry = store.get(keyOf(name));
        return !entry || !isBodyOf(name, entry.body);
      });
      expect(gone).toEqual([]);
    };
    for (let i = 0; i < 100; i++) expect(await put(`${i}`)).toBeUndefined();
    // Someone else takes what is left, all but a little.
    const ballast = join(path, 'ballast');
    const size = 12 * MIB;
    try {
      writeFileSync(ballast, Buffer.alloc(size));
    } catch {
      // It is full now.
    }
    let why: string | undefined;
    for (let i = 100; i < 2000 && why === undefined; i++) why = await put(`${i}`);
    expect(why).toMatch(/no space left/i);
    for (let i = 0; i < 50; i++) expect(await put(`full ${i}`)).toMatch(/no space left/i);
    expectAll();
    rmSync(ballast);
    await until(async () => (await put('room again')) === undefined, 'a put succeeds', 10_000);
    expectAll();
    for (let i = 0; i < 50; i++) expect(await put(`after ${i}`)).toBeUndefined();
    expectAll();
    await store.close();
    store = await levelEngines[engine](join(path, 'entries'), options);
    expectAll();
  } finally {
    await store.close().catch(() => {});
    unmount();
  }
});
