import type { RemoteEntries } from '../../store/entries/remote.ts';
import type { Entry, EntryStore, Listed, Stats } from '../../store/entries/store.ts';

/** The caches of several workers as one: what is put or removed is so in each, and a key that several have is there once. */
export class MergedEntries implements EntryStore {
  constructor(private readonly parts: readonly RemoteEntries[]) {}

  /** The newest. */
  async get(key: string): Promise<Entry | undefined> {
    const found = await Promise.all(this.parts.map((part) => part.get(key)));
    return found
      .filter((entry) => entry !== undefined)
      .toSorted((a, b) => b.about.storedAt - a.about.storedAt)[0];
  }

  async put(key: string, entry: Entry): Promise<void> {
    await Promise.all(this.parts.map((part) => part.put(key, entry)));
  }

  async remove(keys: readonly string[]): Promise<number> {
    const removed = await Promise.all(this.parts.map((part) => part.removeEach(keys)));
    return new Set(removed.flat()).size;
  }

  /** Held whole: the last worker may tell of a key what the first did not. */
  async *list(): AsyncGenerator<Listed, void> {
    const merged = new Map<string, Listed>();
    for (const part of this.parts) {
      for await (const listed of part.list()) {
        const before = merged.get(listed.key);
        merged.set(listed.key, before === undefined ? listed : both(before, listed));
      }
    }
    yield* merged.values();
  }

  /** Sizes are summed over the workers, as memory is; an entry counts once. */
  async stats(): Promise<Stats> {
    let entries = 0;
    for await (const _ of this.list()) entries += 1;
    const each = await Promise.all(this.parts.map((part) => part.stats()));
    return { entries, bytes: each.reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  async close(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.close()));
  }
}

/** As {@link MergedEntries.get} gives it, with what it takes in all. */
function both(a: Listed, b: Listed): Listed {
  const newest = b.about.storedAt > a.about.storedAt ? b : a;
  return { ...newest, usedAt: Math.max(a.usedAt, b.usedAt), size: a.size + b.size };
}
