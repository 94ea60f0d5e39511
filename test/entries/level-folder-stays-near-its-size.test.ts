import { expect, test } from 'bun:test';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Dice } from '../support/random.ts';
import { emptyFolder, levelEngineNames, levelEngines } from './level-engines.ts';
import { bytesOf, isBodyOf, keyOf, sampleEntry } from './sample.ts';

const MIB = 2 ** 20;
/** Below this their logs and tables under compaction are a large part of the folder: 1.6 times the size was seen at 16 MiB. */
const MAX_SIZE = 64 * MIB;
const WRITTEN = 3 * MAX_SIZE;
/**
 * What does not grow with the size. The largest entry is in the log and in a table at once; RocksDB takes 4 MiB of disk
 * for the list of its files, before it has any.
 */
const CONSTANTS = { LevelDB: 2 * MIB, RocksDB: 6 * MIB };

const onDisk = (folder: string): number =>
  readdirSync(folder)
    .map((name) => statSync(join(folder, name), { throwIfNoEntry: false }))
    .reduce((sum, file) => sum + (file ? Math.max(file.size, file.blocks * 512) : 0), 0);

test.each(levelEngineNames)(
  '%s: the folder is not much larger than its entries may be, and they stay right',
  async (engine) => {
    const dice = new Dice(7);
    const folder = emptyFolder();
    const store = await levelEngines[engine](folder, { maxSize: MAX_SIZE });
    let [name, peak] = [0, 0];
    const total = { written: 0 };
    const wrong: string[] = [];
    while (total.written < WRITTEN) {
      const puts = Array.from({ length: 20 }, () => {
        const length = dice.chance(0.01) ? dice.int(100_000, MIB) : dice.int(200, 8000);
        total.written += length;
        return store.put(keyOf(++name), sampleEntry(bytesOf(name, length), { model: `${name}` }));
      });
      await Promise.all(puts);
      peak = Math.max(peak, onDisk(folder));
      for (let i = 0; i < 5; i++) {
        const asked = dice.int(1, name);
        const entry = await store.get(keyOf(asked));
        if (entry && !isBodyOf(asked, entry.body)) wrong.push(`${asked} gave ${entry.about.model}`);
      }
    }
    expect(wrong).toEqual([]);
    const { bytes } = await store.stats();
    if (process.env['SHOW'])
      console.log(engine, peak / MAX_SIZE, bytes / MAX_SIZE, onDisk(folder) / MAX_SIZE);
    expect(peak).toBeLessThanOrEqual(1.15 * MAX_SIZE + CONSTANTS[engine]);
    // It is not kept small by keeping little.
    expect(bytes).toBeGreaterThan(MAX_SIZE / 2);
    await store.close();
  },
  60_000,
);
