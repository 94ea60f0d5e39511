import { LruIndex, type Sized } from './lru.ts';
import {
  type Entry,
  type EntryStore,
  type EntryStoreOptions,
  type Listed,
  type Stats,
  tooLarge,
} from './store.ts';

/** What an entry takes beside its bytes: its objects, its place in the index, its key. Measured, about. */
const OVERHEAD_BYTES = 1024;
/** How many entries each put looks at, to let go of those that are no longer kept: more than it adds. */
const SWEPT_PER_PUT = 2;
/** And when nothing is put. */
const SWEEP_EVERY_MS = 1000;
const SWEPT_AT_ONCE = 1000;

interface Kept extends Sized {
  readonly entry: Entry;
  usedAt: number;
}

/** Entries in this process's memory: not shared, and gone with it. */
export class MemoryEntries implements EntryStore {
  private readonly kept: LruIndex<Kept>;
  private readonly sweeping: NodeJS.Timeout;
  private walk: Iterator<[string, Kept]>;
  private isClosed = false;

  constructor({ maxSize }: EntryStoreOptions) {
    this.kept = new LruIndex(maxSize);
    this.walk = this.kept[Symbol.iterator]();
    this.sweeping = setInterval(() => this.sweep(SWEPT_AT_ONCE), SWEEP_EVERY_MS).unref();
  }

  get(key: string): Entry | undefined {
    this.refuseClosed();
    const kept = this.kept.use(key);
    if (kept === undefined) return undefined;
    const now = Date.now();
    if (isOver(kept, now)) {
      this.kept.remove(key);
      return undefined;
    }
    kept.usedAt = now;
    return kept.entry;
  }

  async put(key: string, { about, headers, request, body }: Entry): Promise<void> {
    this.refuseClosed();
    // Memory of its own: what it is a view of may be much larger, or be used again.
    const entry = { about, headers, request: Buffer.from(request), body: Buffer.from(body) };
    const size = sizeOf(entry);
    if (size > this.kept.maxSize) throw tooLarge(size, this.kept.maxSize);
    for (const victim of this.kept.victims(size, key)) this.kept.remove(victim);
    this.kept.note(key, { entry, size, usedAt: Date.now() });
    this.sweep(SWEPT_PER_PUT);
  }

  async remove(keys: readonly string[]): Promise<number> {
    this.refuseClosed();
    return keys.filter((key) => this.kept.remove(key)).length;
  }

  async *list(): AsyncGenerator<Listed> {
    this.refuseClosed();
    for (const [key, kept] of this.kept) {
      if (!isOver(kept, Date.now()))
        yield { key, about: kept.entry.about, usedAt: kept.usedAt, size: kept.size };
    }
  }

  async stats(): Promise<Stats> {
    this.refuseClosed();
    return { entries: this.kept.entries, bytes: this.kept.bytes };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.sweeping);
    this.kept.clear();
  }

  private refuseClosed(): void {
    if (this.isClosed) throw new Error('the store is closed');
  }

  /** Goes round and round all entries, a few at a time. */
  private sweep(most: number): void {
    const now = Date.now();
    for (let i = 0; i < most; i++) {
      const { value, done } = this.walk.next();
      if (done) {
        this.walk = this.kept[Symbol.iterator]();
        return;
      }
      if (isOver(value[1], now)) this.kept.remove(value[0]);
    }
  }
}

function isOver({ entry: { about } }: Kept, now: number): boolean {
  return about.keptUntil !== 0 && now >= about.keptUntil;
}

function sizeOf({ about, headers, request, body }: Entry): number {
  let letters = about.target.length + about.route.length + about.model.length + about.user.length;
  for (const [name, value] of headers) letters += name.length + value.length;
  // Some letters take two bytes.
  return OVERHEAD_BYTES + 2 * letters + request.length + body.length;
}
