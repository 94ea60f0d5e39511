import { expect, test } from 'bun:test';
import { LevelEntries } from '../../src/store/entries/level.ts';
import type { LevelEngine, Operation } from '../../src/store/entries/level-engine.ts';
import { until } from '../support/until.ts';
import { emptyFolder } from './level-engines.ts';
import { bytesOf, isBodyOf, keyOf, sampleEntry } from './sample.ts';

const MAX_SIZE = 1_000_000;

/** A disk that fails when it is told to; what it holds outlives the engines that open it. */
class Disk {
  readonly records = new Map<string, Buffer>();
  fails: 'no' | 'before' | 'after' | 'always' = 'no';
  opened = 0;

  open = async (): Promise<LevelEngine> => {
    if (this.fails === 'always') throw new Error('the disk is broken');
    this.opened++;
    let isOpen = true;
    let hasFailed = false;
    const working = () => {
      if (!isOpen) throw new Error('asked after its close');
    };
    return {
      get: (key) => {
        working();
        return this.records.get(key.toString('hex'));
      },
      write: async (operations) => {
        working();
        if (hasFailed) throw new Error('asked after it failed');
        hasFailed = this.fails !== 'no';
        if (this.fails === 'no' || this.fails === 'after') this.apply(operations);
        if (hasFailed) throw new Error('no space left on device');
      },
      scan: (from, to) => this.scan(from, to),
      isCompacting: () => false,
      isBehind: () => false,
      close: async () => void (isOpen = false),
    };
  };

  private apply(operations: readonly Operation[]): void {
    for (const { key, value } of operations) {
      if (value) this.records.set(key.toString('hex'), value);
      else this.records.delete(key.toString('hex'));
    }
  }

  private async *scan(from: Buffer, to: Buffer): AsyncGenerator<readonly [Buffer, Buffer], void> {
    for (const [name, value] of [...this.records].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const key = Buffer.from(name, 'hex');
      if (key.compare(from) >= 0 && key.compare(to) < 0) yield [key, value];
    }
  }
}

async function filled(disk: Disk): Promise<LevelEntries> {
  const store = await LevelEntries.open(disk.open, emptyFolder(), { maxSize: MAX_SIZE });
  for (let i = 0; i < 20; i++) await store.put(keyOf(i), sampleEntry(bytesOf(i, 40_000)));
  return store;
}

const namesOf = async (store: LevelEntries): Promise<number[]> => {
  const names = Array.from({ length: 30 }, (_, i) => i);
  return names.filter((i) => {
    const entry = store.get(keyOf(i));
    if (entry && !isBodyOf(i, entry.body)) throw new Error(`${i} has another's body`);
    return entry !== undefined;
  });
};
const tells = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: Error) => error.message,
  );

test.each(['before', 'after'] as const)(
  'it fails %s it has written: all is as it was, and goes on',
  async (when) => {
    const disk = new Disk();
    const store = await filled(disk);
    const [before, stats] = [await namesOf(store), await store.stats()];
    disk.fails = when;
    // Others would have to go for them.
    const changes = [20, 21, 22, 23].map((i) => store.put(keyOf(i), sampleEntry(bytesOf(i, 100_000))));
    const replaced = store.put(keyOf(3), sampleEntry(bytesOf(3, 10)));
    const removed = store.remove([keyOf(4), keyOf(5)]);
    for (const change of [...changes, replaced, removed]) {
      expect(await tells(change)).toBe('no space left on device');
    }
    if (when === 'before') {
      expect(await namesOf(store)).toEqual(before);
      expect(await store.stats()).toEqual(stats);
    }
    disk.fails = 'no';
    await until(async () => (await tells(store.put(keyOf(25), sampleEntry(bytesOf(25, 1000))))) === 'done');
    expect(disk.opened).toBeGreaterThan(1);
    const kept = await namesOf(store);
    expect(kept).toContain(25);
    if (when === 'before') expect(kept).toEqual([...before, 25]);
    let [entries, bytes] = [0, 0];
    for await (const { size } of store.list()) {
      entries++;
      bytes += size;
    }
    expect(await store.stats()).toEqual({ entries, bytes });
    await store.close();
    const again = await LevelEntries.open(disk.open, emptyFolder(), { maxSize: MAX_SIZE });
    expect(await namesOf(again)).toEqual(kept);
    await again.close();
  },
);

test('a disk that stays broken is told to everyone, and tried again now and then', async () => {
  const disk = new Disk();
  const store = await filled(disk);
  disk.fails = 'always';
  const told = new Set<string>();
  const put = () => tells(store.put(keyOf(26), sampleEntry(bytesOf(26, 100))));
  for (let i = 0; i < 200; i++) told.add(await put());
  expect([...told]).toEqual(['no space left on device', 'the disk is broken']);
  expect(disk.opened).toBe(1);
  expect(() => store.get(keyOf(1))).toThrow('the disk is broken');
  disk.fails = 'no';
  await until(async () => (await put()) === 'done');
  expect(await namesOf(store)).toContain(26);
  await store.close();
});

test('it may be closed while it is broken', async () => {
  const disk = new Disk();
  const store = await filled(disk);
  disk.fails = 'always';
  for (let i = 0; i < 3; i++) await tells(store.put(keyOf(26), sampleEntry()));
  store.put(keyOf(27), sampleEntry()).catch(() => {});
  await store.close();
  await expect(store.put(keyOf(28), sampleEntry())).rejects.toThrow('the store is closed');
});
