import { expect, test } from 'bun:test';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { Dice } from '../support/random.ts';
import { recordsOf } from './lmdb-records.ts';
import { emptyDir, expectSumsRight, sizeOfFolder } from './processes.ts';
import { bytesOf, isRight, keyOf, sampleEntry } from './sample.ts';

const MIB = 2 ** 20;
/** Beside 1.15 of the cap: what a few transactions change before their pages can be used again, in a small file. */
const BESIDE = 2 * MIB;

test.each<[what: string, lengths: number[]]>([
  ['of all sizes', [200, 700, 2000, 5000, 20_000, 100_000, 1_000_000]],
  ['small', [0, 200, 600]],
  ['that halve a leaf', [800, 1100, 1300]],
  ['large', [1_000_000, 3_000_000]],
])(
  'three times as much as fits, entries %s',
  async (_what, lengths) => {
    const path = emptyDir();
    const maxSize = 16 * MIB;
    const store = await openEntryStore('lmdb', path, { maxSize });
    const dice = new Dice(5);
    let hits = 0;
    let most = 0;
    let names = 0;
    for (let loaded = 0; loaded < 3 * maxSize;) {
      const puts: Promise<void>[] = [];
      for (let i = 0; i < 20; i++) {
        const model = `${(names += 1)} x`;
        const body = bytesOf(model, dice.pick(lengths));
        loaded += body.length + 400;
        puts.push(store.put(keyOf(names), sampleEntry(body, { model })));
      }
      await Promise.all(puts);
      for (let i = 0; i < 10; i++) {
        const name = dice.int(Math.max(1, names - 200), names);
        const entry = await store.get(keyOf(name));
        if (entry) hits += 1;
        if (entry && !isRight(name, entry)) throw new Error(`${name} is another`);
      }
      most = Math.max(most, sizeOfFolder(path));
    }
    expect(most).toBeLessThanOrEqual(1.15 * maxSize + BESIDE);
    expect(hits).toBeGreaterThan(3);
    const { bytes } = await store.stats();
    expect(bytes).toBeLessThanOrEqual(maxSize);
    expect(bytes).toBeGreaterThan(0.75 * maxSize);
    await expectSumsRight(store);
    await store.close();
    expect(sizeOfFolder(path)).toBeLessThanOrEqual(1.15 * maxSize + BESIDE);
    expect(await recordsOf(path)).toBe(2);
  },
  60_000,
);

test('a folder that had a larger cap gets smaller, and keeps what was used last', async () => {
  const path = emptyDir();
  const [before, after] = [{ maxSize: 64 * MIB }, { maxSize: 8 * MIB }];
  let store = await openEntryStore('lmdb', path, before);
  const names = Array.from({ length: 400 }, (_, i) => i);
  for (const name of names)
    await store.put(keyOf(name), sampleEntry(bytesOf(`${name} x`, 100_000), { model: `${name} x` }));
  const beside = await openEntryStore('lmdb', path, after);
  // While another has it open, it stays.
  expect(sizeOfFolder(path)).toBeGreaterThan(32 * MIB);
  await beside.close();
  await store.close();
  store = await openEntryStore('lmdb', path, after);
  expect(sizeOfFolder(path)).toBeLessThanOrEqual(1.15 * after.maxSize + BESIDE);
  const kept: number[] = [];
  for (const name of names) {
    const entry = await store.get(keyOf(name));
    if (entry) kept.push(name);
    if (entry) expect(isRight(name, entry)).toBe(true);
  }
  expect(kept.length).toBeGreaterThan(60);
  expect(kept).toEqual(names.slice(-kept.length));
  await expectSumsRight(store);
  await store.close();
}, 30_000);
