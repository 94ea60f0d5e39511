import { existsSync } from 'node:fs';
import { refuseOddFiles } from '../odd-files.ts';
import { decodeEntry, encodeEntry } from './codec.ts';
import { type LevelEngine, type Operation, RestartingEngine } from './level-engine.ts';
import { Folder } from './level-folder.ts';
import { isCorruption, unopened } from './level-package.ts';
import {
  bodyKey,
  bytesIn,
  decodeInfo,
  encodeBody,
  encodeInfo,
  infoKey,
  INFOS,
  type Kept,
  sizeOf,
} from './level-records.ts';
import { LruIndex } from './lru.ts';
import {
  BrokenEntry,
  type Entry,
  type EntryStore,
  type EntryStoreOptions,
  type Listed,
  type Stats,
  tooLarge,
} from './store.ts';

const USES_EVERY_MS = 1000;
const USES_AT_ONCE = 5000;
const SWEPT_PER_PUT = 2;
const SWEPT_AT_ONCE = 1000;
/** A batch is held in memory twice, engines like them small, and between two of them the folder is measured. */
const BATCH_BYTES = 2 ** 21;
const BATCH_SHARE = 1 / 256;
/** What waits for a disk that is slow; what comes on top is refused. */
const WAITING_BYTES = 2 ** 26;
const LISTED_AT_ONCE = 64;

/** Something to write, in its turn. */
interface Change {
  /** Memory that it holds. */
  readonly bytes: number;
  /** Puts its operations into the batch, and the index as if it were written. */
  readonly plan: (batch: Batch) => void;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

interface Batch {
  readonly operations: Operation[];
  /** What there was before, to go back to when the engine refuses. */
  readonly before: [key: string, kept: Kept | undefined][];
  readonly bodies: number[];
}

/**
 * Entries in a sorted engine. All of one turn of the event loop, and all that comes while a batch is on its way, is the
 * next batch; reads never wait for it. Which entries there are, how large and when used is in memory: about 300 bytes
 * an entry, read from small records at the start.
 */
export class LevelEntries implements EntryStore {
  private readonly index: LruIndex<Kept>;
  private readonly folder: Folder;
  private readonly ticking: NodeJS.Timeout;
  private readonly batchBytes: number;
  private next = 1;
  private waiting: Change[] = [];
  private waitingBytes = 0;
  private writing: Promise<void> | undefined;
  /** Bodies that are in the index and not yet in the engine. */
  private readonly onTheWay = new Map<number, Buffer>();
  private used = new Set<string>();
  private walk: Iterator<[string, Kept]>;
  private closing: Promise<void> | undefined;

  /**
   * @param open opens the engine, again too
   * @param path its folder, which is measured
   * @throws Error with one line when the folder can't be used
   */
  static async open(
    open: () => Promise<LevelEngine>,
    path: string,
    options: EntryStoreOptions,
  ): Promise<LevelEntries> {
    let engine: RestartingEngine;
    try {
      if (existsSync(path)) refuseOddFiles(path);
      engine = await RestartingEngine.start(open, path, options.maxSize);
    } catch (error) {
      throw unopened(path, error);
    }
    const store = new LevelEntries(engine, path, options);
    try {
      await store.read();
      await store.remove(store.tooMuch());
    } catch (error) {
      clearInterval(store.ticking);
      await engine.close();
      throw unopened(path, error);
    }
    return store;
  }

  private constructor(
    private readonly engine: RestartingEngine,
    path: string,
    { maxSize }: EntryStoreOptions,
  ) {
    this.batchBytes = Math.min(BATCH_BYTES, maxSize * BATCH_SHARE);
    this.index = new LruIndex(maxSize);
    this.folder = new Folder(engine, path, maxSize);
    this.walk = this.index[Symbol.iterator]();
    this.ticking = setInterval(() => this.tick(), USES_EVERY_MS).unref();
  }

  get(key: string): Entry | undefined {
    this.refuseClosed();
    const kept = this.index.get(key);
    const now = Date.now();
    if (kept === undefined || isOver(kept, now)) return undefined;
    const entry = this.entryOf(key, kept);
    this.index.use(key);
    kept.usedAt = now;
    this.used.add(key);
    return entry;
  }

  async put(key: string, entry: Entry): Promise<void> {
    this.refuseClosed();
    const bytes = encodeBody(key, encodeEntry(entry));
    const size = sizeOf(bytes);
    const { room } = this.folder;
    if (size > room) throw tooLarge(size, this.index.maxSize);
    const { keptUntil } = entry.about;
    await this.change(bytes.length, (batch) => {
      const spare = this.index.maxSize - Math.max(size, this.folder.room);
      for (const victim of this.index.victims(size + spare, key)) this.forget(victim, batch);
      this.forget(key, batch);
      const kept: Kept = { number: this.next++, size, usedAt: Date.now(), keptUntil };
      batch.before.push([key, undefined]);
      batch.bodies.push(kept.number);
      batch.operations.push(
        { key: bodyKey(kept.number), value: bytes },
        { key: infoKey(key), value: encodeInfo(key, kept) },
      );
      this.onTheWay.set(kept.number, bytes);
      this.folder.garbage.written(kept.number, size);
      this.index.note(key, kept);
      this.sweep(SWEPT_PER_PUT, batch);
    });
  }

  async remove(keys: readonly string[]): Promise<number> {
    this.refuseClosed();
    if (keys.length === 0) return 0;
    let removed = 0;
    await this.change(0, (batch) => {
      removed = keys.filter((key) => this.forget(key, batch)).length;
    });
    return removed;
  }

  async *list(): AsyncGenerator<Listed, void> {
    this.refuseClosed();
    let looked = 0;
    for (const [key, kept] of this.index) {
      if (++looked % LISTED_AT_ONCE === 0) await Bun.sleep(0);
      this.refuseClosed();
      if (isOver(kept, Date.now()) || this.index.get(key) !== kept) continue;
      const about = this.aboutOf(key, kept);
      if (about) yield { key, about, usedAt: kept.usedAt, size: kept.size };
    }
  }

  async stats(): Promise<Stats> {
    this.refuseClosed();
    return { entries: this.index.entries, bytes: this.index.bytes };
  }

  close(): Promise<void> {
    return (this.closing ??= this.end());
  }

  private async end(): Promise<void> {
    clearInterval(this.ticking);
    this.writeUses();
    await this.writing;
    await this.folder.idle();
    await this.engine.close();
    this.index.clear();
  }

  private refuseClosed(): void {
    if (this.closing) throw new Error('the store is closed');
  }

  /** Makes the index of what is in the engine. */
  private async read(): Promise<void> {
    const found: [string, Kept][] = [];
    for await (const [key, value] of this.engine.scan(...INFOS)) {
      const info = decodeInfo(key, value);
      if (info) found.push(info);
    }
    this.index.clear();
    this.folder.garbage.clear();
    for (const [, kept] of found.toSorted(([, a], [, b]) => a.number - b.number)) {
      this.folder.garbage.written(kept.number, kept.size);
      this.next = Math.max(this.next, kept.number + 1);
    }
    for (const [key, kept] of found.toSorted(([, a], [, b]) => a.usedAt - b.usedAt || a.number - b.number)) {
      this.index.note(key, kept);
    }
  }

  private tooMuch(): string[] {
    return this.index.victims(this.index.maxSize - this.folder.room);
  }

  private entryOf(key: string, { number }: Kept): Entry {
    const bytes = this.onTheWay.get(number) ?? this.bytesOf(number);
    if (bytes === undefined) throw new BrokenEntry('an entry without its bytes');
    return decodeEntry(bytesIn(key, bytes));
  }

  private bytesOf(number: number): Buffer | undefined {
    try {
      return this.engine.get(bodyKey(number));
    } catch (error) {
      if (isCorruption(String(error))) throw new BrokenEntry(String(error));
      throw error;
    }
  }

  private aboutOf(key: string, kept: Kept): Entry['about'] | undefined {
    try {
      return this.entryOf(key, kept).about;
    } catch (error) {
      if (error instanceof BrokenEntry) return undefined;
      throw error;
    }
  }

  /** Plans the deletion of an entry. @returns whether there was one */
  private forget(key: string, { before, operations }: Batch): boolean {
    const kept = this.index.remove(key);
    if (kept === undefined) return false;
    before.push([key, kept]);
    operations.push({ key: bodyKey(kept.number) }, { key: infoKey(key) });
    this.folder.garbage.deleted(kept.number, kept.size);
    return true;
  }

  private tick(): void {
    this.writeUses();
    const now = Date.now();
    // Looked at from here, so that a quiet store writes nothing.
    const over = this.step(SWEPT_AT_ONCE).filter(([, kept]) => isOver(kept, now));
    if (over.length === 0) return;
    this.change(0, (batch) => {
      for (const [key, kept] of over) if (this.index.get(key) === kept) this.forget(key, batch);
    }).catch(ignore);
  }

  /** Uses in parts, and none twice. */
  private writeUses(): void {
    const keys = [...this.used];
    this.used.clear();
    for (let at = 0; at < keys.length; at += USES_AT_ONCE) {
      const some = keys.slice(at, at + USES_AT_ONCE);
      // When it can't be written, an entry goes a little earlier than it should.
      this.change(0, ({ operations }) => {
        for (const key of some) {
          const kept = this.index.get(key);
          if (kept) operations.push({ key: infoKey(key), value: encodeInfo(key, kept) });
        }
      }).catch(ignore);
    }
  }

  /** Looks at some entries, going round and round, and removes those no longer kept. */
  private sweep(most: number, batch: Batch): void {
    const now = Date.now();
    for (const [key, kept] of this.step(most)) if (isOver(kept, now)) this.forget(key, batch);
  }

  private step(most: number): [string, Kept][] {
    const some: [string, Kept][] = [];
    while (some.length < most) {
      const { value, done } = this.walk.next();
      if (done) {
        this.walk = this.index[Symbol.iterator]();
        break;
      }
      some.push(value);
    }
    return some;
  }

  private change(bytes: number, plan: (batch: Batch) => void): Promise<void> {
    if (this.waitingBytes + bytes > WAITING_BYTES && this.waiting.length > 0) {
      return Promise.reject(new Error('answers come faster than the disk takes them'));
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.waiting.push({ bytes, plan, done: resolve, failed: reject });
    this.waitingBytes += bytes;
    this.writing ??= this.writeAll();
    return promise;
  }

  private async writeAll(): Promise<void> {
    // What this turn asks goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) await this.writeSome();
    this.writing = undefined;
  }

  private async writeSome(): Promise<void> {
    let count = 0;
    let bytes = 0;
    while (count < this.waiting.length && (count === 0 || bytes < this.batchBytes))
      bytes += this.waiting[count++]!.bytes;
    const changes = this.waiting.splice(0, count);
    const batch: Batch = { operations: [], before: [], bodies: [] };
    try {
      if (this.engine.isBroken) await this.restart();
      await this.folder.ready(bytes);
      for (const change of changes) change.plan(batch);
      if (batch.operations.length > 0) await this.engine.write(batch.operations);
      for (const { done } of changes) done();
    } catch (error) {
      this.goBack(batch);
      for (const { failed } of changes) failed(error);
    } finally {
      this.waitingBytes -= bytes;
      for (const number of batch.bodies) this.onTheWay.delete(number);
    }
  }

  private async restart(): Promise<void> {
    await this.folder.idle();
    await this.engine.restart(() => this.read());
  }

  private goBack({ before }: Batch): void {
    for (const [key, kept] of before.toReversed()) {
      const now = this.index.remove(key);
      if (now) this.folder.garbage.deleted(now.number, now.size);
      if (kept === undefined) continue;
      this.index.note(key, kept);
      this.folder.garbage.undeleted(kept.number, kept.size);
    }
  }
}

const ignore = (): void => {};

function isOver({ keptUntil }: Kept, now: number): boolean {
  return keptUntil !== 0 && now >= keptUntil;
}
