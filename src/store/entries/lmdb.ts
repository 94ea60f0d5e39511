import { Arena } from './arena.ts';
import { decodeEntry, encodeWithin } from './codec.ts';
import { HotEntries } from './hot-entries.ts';
import { type LmdbFolder, openFolder } from './lmdb-folder.ts';
import { type Info, keyBytesOf, parseAbout } from './lmdb-records.ts';
import { LmdbWriter } from './lmdb-writer.ts';
import {
  type Entry,
  type EntryStore,
  type EntryStoreOptions,
  type Listed,
  type Stats,
  tooLarge,
} from './store.ts';

/** Uses are written, and entries looked at that are no longer kept, so often. */
const TEND_EVERY_MS = 1000;
/** Records that are looked at then. */
const SWEPT_AT_ONCE = 512;
/** A list reads so many records in one look: between two of them the pages of what was removed can be used again. */
const LISTED_AT_ONCE = 256;
/** Beyond it numbers are not exact: nobody used it then. Microseconds. */
const LAST_STAMP = 2 ** 52;
/** Leaves that a put changes beside its own pages. */
const PAGES_PER_PUT = 4;

/**
 * Entries in LMDB in a folder, which several processes of one machine may have open, and read and write. They are kept over
 * restarts and `kill -9`. The folder stays below 1.12 times `maxSize` and two megabytes; see `lmdb-room.ts`.
 */
export class LmdbEntries implements EntryStore {
  private readonly writer: LmdbWriter;
  private readonly tending: NodeJS.Timeout;
  /** Uses that are not written yet, by key. Microseconds. */
  private readonly touched = new Map<string, number>();
  /** Of entries that are to be written. */
  private readonly arena = new Arena();
  private readonly hot = new HotEntries();
  private sweepFrom: Buffer | undefined;
  private latest = 0;
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly folder: LmdbFolder,
    private readonly maxSize: number,
  ) {
    this.writer = new LmdbWriter(folder.path, folder.environment, folder.room, (key) =>
      this.touched.size === 0 ? undefined : this.touched.get(key.toString('hex')),
    );
    this.catchUp();
    this.tending = setInterval(() => this.tend(), TEND_EVERY_MS).unref();
  }

  /**
   * @param path - a folder of its own, made where there is none
   * @throws Error that has the path and the reason when it can't be used
   */
  static async open(path: string, { maxSize }: EntryStoreOptions): Promise<LmdbEntries> {
    try {
      const folder = openFolder(path, maxSize);
      const store = new LmdbEntries(folder, maxSize);
      await folder.bringOver((key, bytes, info) => store.bringOver(key, bytes, info));
      return store;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`answers can't be kept in ${path}: ${reason}`, { cause: error });
    }
  }

  get(key: string): Entry | undefined {
    this.refuseClosed();
    const entry = this.read(key);
    if (entry === undefined) return undefined;
    const { keptUntil } = entry.about;
    if (keptUntil !== 0 && Date.now() >= keptUntil) return undefined;
    this.touched.set(key, this.stamp());
    return entry;
  }

  private read(key: string): Entry | undefined {
    const hot = this.hot.find(key);
    const bytes = this.writer.tables.read(key, this.maxSize, hot?.bytes);
    if (hot && bytes === hot.bytes) return hot.entry;
    if (bytes === undefined) {
      if (hot) this.hot.forget(key);
      return undefined;
    }
    const entry = decodeEntry(bytes);
    this.hot.note(key, { bytes, entry });
    return entry;
  }

  async put(key: string, entry: Entry): Promise<void> {
    this.refuseClosed();
    const keyBytes = keyBytesOf(key);
    const { arena } = this;
    const { bytes, about } = encodeWithin(entry, arena.take);
    const { keptUntil } = entry.about;
    try {
      await this.add(keyBytes, bytes, { about, keptUntil, usedAt: this.stamp() });
    } finally {
      arena.giveBack(bytes);
    }
  }

  async remove(keys: readonly string[]): Promise<number> {
    this.refuseClosed();
    const wanted = keys.map(keyBytesOf);
    const steps: Promise<number>[] = [];
    const { entriesAtOnce } = this.writer;
    for (let at = 0; at < wanted.length; at += entriesAtOnce)
      steps.push(this.removeStep(wanted.slice(at, at + entriesAtOnce), () => true));
    return (await Promise.all(steps)).reduce((sum, removed) => sum + removed, 0);
  }

  async *list(): AsyncGenerator<Listed> {
    let last: Buffer | undefined;
    for (;;) {
      this.refuseClosed();
      const step = this.writer.tables.infos(last, LISTED_AT_ONCE);
      const now = Date.now();
      for (const [key, info] of step.infos) {
        const about = isOver(info, now) ? undefined : parseAbout(info);
        const usedAt = Math.min(now, Math.floor(info.usedAt / 1000));
        if (about) yield { key: key.toString('hex'), about, usedAt, size: info.size };
      }
      last = step.last;
      if (last === undefined) return;
      await Bun.sleep(0);
    }
  }

  async stats(): Promise<Stats> {
    this.refuseClosed();
    return this.writer.tables.totals();
  }

  close(): Promise<void> {
    return (this.closing ??= this.settleAndClose());
  }

  private async settleAndClose(): Promise<void> {
    clearInterval(this.tending);
    this.writeTouches();
    await this.writer.settled();
    await this.folder.close();
  }

  /** @param info - `size` is added */
  private add(key: Buffer, bytes: Buffer, info: Omit<Info, 'chunks' | 'size'>): Promise<void> {
    const { writer, maxSize } = this;
    const { tables } = writer;
    const size = tables.sizeOf(bytes.length, info.about.length);
    if (size > maxSize) throw tooLarge(size, maxSize);
    return new Promise((resolve, reject) => {
      writer.enqueue({
        adds: true,
        pages: PAGES_PER_PUT + Math.ceil(bytes.length / tables.pageSize),
        run: () => {
          let before = tables.infoOf(key);
          const excess = () => tables.bytes + size - (before?.size ?? 0) - maxSize;
          if (excess() > 0) {
            writer.evict(excess());
            // It may have been among the oldest itself.
            before = tables.infoOf(key);
            if (excess() > 0) return false;
          }
          tables.put(key, bytes, { ...info, size }, before);
          return true;
        },
        done: resolve,
        failed: reject,
      });
    });
  }

  private removeStep(keys: readonly Buffer[], condition: (info: Info) => boolean): Promise<number> {
    const { tables } = this.writer;
    return new Promise((resolve, reject) => {
      let removed = 0;
      this.writer.enqueue({
        pages: 3 * keys.length,
        adds: false,
        run: () => {
          removed = 0;
          for (const key of keys) {
            const info = tables.infoOf(key);
            if (info === undefined || !condition(info)) continue;
            tables.remove(key, info);
            removed += 1;
          }
          return true;
        },
        done: () => resolve(removed),
        failed: reject,
      });
    });
  }

  private tend(): void {
    this.writeTouches();
    try {
      this.catchUp();
      this.sweep();
    } catch {
      // Whoever asks for something learns what is wrong.
    }
  }

  private writeTouches(): void {
    const touches = [...this.touched];
    this.touched.clear();
    const { tables, entriesAtOnce } = this.writer;
    // The order is a little less exact then; as it is when writing fails.
    if (touches.length === 0 || !this.hasDisk()) return;
    for (let at = 0; at < touches.length; at += entriesAtOnce) {
      const step = touches.slice(at, at + entriesAtOnce);
      this.writer.enqueue({
        pages: 3 * step.length,
        adds: false,
        run: () => {
          for (const [key, usedAt] of step) tables.touch(keyBytesOf(key), usedAt);
          return true;
        },
        done: () => {},
        failed: () => {},
      });
    }
  }

  private hasDisk(): boolean {
    try {
      return this.writer.hasDisk(0);
    } catch {
      return false;
    }
  }

  /** Removes what is no longer kept, a bounded step, going round and round. */
  private sweep(): void {
    const { infos, last } = this.writer.tables.infos(this.sweepFrom, SWEPT_AT_ONCE);
    this.sweepFrom = last;
    const now = Date.now();
    const over = infos.filter(([, info]) => isOver(info, now)).map(([key]) => key);
    const { entriesAtOnce } = this.writer;
    for (let at = 0; at < over.length; at += entriesAtOnce) {
      // Somebody may have put it again meanwhile.
      const step = this.removeStep(over.slice(at, at + entriesAtOnce), (info) => isOver(info, now));
      step.catch(() => {});
    }
  }

  /** An entry of a file that was too large. Oldest come last, and go no further than there is room. */
  private async bringOver(key: Buffer, bytes: Buffer, { about, keptUntil, usedAt }: Info): Promise<void> {
    await this.add(key, bytes, { about, keptUntil, usedAt });
  }

  /** Microseconds since the epoch, never the same twice, and later than all there are: a clock may have run ahead. */
  private stamp(): number {
    return (this.latest = Math.max(this.latest + 1, Date.now() * 1000));
  }

  /** Other processes' uses may be later than this one's: what it puts would be the first to go. */
  private catchUp(): void {
    const latest = this.writer.tables.latestUse();
    // Else what others put until the end of this turn would not be seen.
    this.folder.environment.db.resetReadTxn();
    if (latest < LAST_STAMP) this.latest = Math.max(this.latest, latest);
  }

  private refuseClosed(): void {
    if (this.closing) throw new Error('the store is closed');
  }
}

const isOver = ({ keptUntil }: Info, now: number): boolean => keptUntil !== 0 && now >= keptUntil;
