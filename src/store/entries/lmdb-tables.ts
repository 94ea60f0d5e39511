import type { Database, RootDatabase } from '../lmdb-environment.ts';
import {
  KEY_BYTES,
  chunkBytes,
  chunkKey,
  decodeInfo,
  encodeInfo,
  type Info,
  keyOfOrder,
  orderKey,
  sizeOf,
  usedAtOf,
} from './lmdb-records.ts';
import { BrokenEntry } from './store.ts';

type Table = Database<Buffer, Buffer>;

/**
 * In every table, and never removed: lmdb 3.5.6 ends the process (an assertion in mdb_freelist_save) when the last entry
 * of a young database goes. It is before all others.
 */
const STAYS = Buffer.of(0);
const AFTER_STAYS = Buffer.of(0, 0);
const TOTALS = Buffer.from('=totals');
/** So many of the oldest are looked up at once. */
const OLDEST_AT_ONCE = 16;
/** Where an entry's bytes say how long its three sections are, and where they begin: see `codec.ts`. */
const LENGTHS_AT = 8;
const SECTIONS_AT = 20;

/** What is said of one of the tables. */
interface TreeStats {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}
export interface FileEnd {
  readonly lastPageNumber: number;
  readonly lastTxnId: number;
}
/** The part of the binding that lmdb's types leave out: what `getStats` asks as well, without the rest. */
interface Environment {
  info(): FileEnd;
}
interface FileStats extends TreeStats, FileEnd {
  readonly pageSize: number;
  readonly root: TreeStats;
  readonly free: TreeStats;
}

/**
 * The tables of the cache in one LMDB environment: `entries` has what is told of each entry under its key, and its pieces
 * under the key and a number, so that a put changes one leaf; `order` has when it was used, and the root table the totals.
 * All that changes something is called within a write transaction, between `begin` and `end`.
 */
export class LmdbTables {
  readonly pageSize: number;
  private readonly entries: Table;
  private readonly order: Table;
  private readonly chunk: number;
  private readonly lookup = Buffer.alloc(KEY_BYTES + 4);
  /** Keys that are written: LMDB copies them. */
  private readonly chunkScratch = Buffer.alloc(KEY_BYTES + 4);
  private readonly orderScratch = Buffer.alloc(8 + KEY_BYTES);
  private readonly info: Environment;
  /** Of the transaction that is under way. */
  private now: { entries: number; bytes: number } = { entries: 0, bytes: 0 };

  constructor(
    private readonly db: RootDatabase<Buffer, Buffer>,
    write: (action: () => void) => void,
  ) {
    this.info = (db as unknown as { env: Environment }).env;
    const open = (name: string): Table =>
      db.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary', cache: false });
    let tables!: Table[];
    write(() => {
      tables = ['entries', 'order'].map(open);
    });
    [this.entries, this.order] = tables as [Table, Table];
    this.pageSize = this.fileStats().pageSize;
    this.chunk = chunkBytes(this.pageSize);
    write(() => {
      for (const table of [this.entries, this.order])
        if (table.getBinaryFast(STAYS) === undefined) table.putSync(STAYS, STAYS);
      if (db.getBinaryFast(TOTALS) === undefined) this.end();
    });
  }

  /** Before anything else in a write transaction. */
  begin(): void {
    this.now = this.totals();
  }

  /** After all else in it; on its own a transaction that changes nothing, but is one. */
  end(): void {
    const value = Buffer.allocUnsafe(16);
    value.writeDoubleLE(this.now.entries, 0);
    value.writeDoubleLE(this.now.bytes, 8);
    this.db.putSync(TOTALS, value);
  }

  totals(): { entries: number; bytes: number } {
    const bytes = this.db.getBinaryFast(TOTALS)!;
    return { entries: bytes.readDoubleLE(0), bytes: bytes.readDoubleLE(8) };
  }

  /** The bytes of all entries, in the transaction that is under way. */
  get bytes(): number {
    return this.now.bytes;
  }

  /** How far the file goes, and the last transaction. */
  fileEnd(): FileEnd {
    return this.info.info();
  }

  /** Pages of the file that nothing is in, those included that a reader still looks at. */
  freePages(): number {
    const file = this.fileStats();
    let used = 2;
    for (const tree of [file, file.root, file.free, this.order.getStats() as TreeStats])
      used += tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages;
    return file.lastPageNumber + 1 - used;
  }

  /** What an entry of so many bytes takes. */
  sizeOf(entryBytes: number, aboutBytes: number): number {
    return sizeOf(entryBytes, aboutBytes, this.pageSize);
  }

  infoOf(key: Buffer): Info | undefined {
    const bytes = this.entries.getBinary(key);
    return bytes && decodeInfo(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /**
   * @param key - 32 hex digits
   * @param most - an entry that says it is larger is damaged
   * @param known - the entry's bytes as they were once: given back when it is still the same
   * @returns the entry's bytes, memory of their own
   * @throws {@link BrokenEntry} when a piece is missing or of the wrong length
   */
  read(key: string, most: number, known?: Buffer): Buffer | undefined {
    const { lookup, chunk } = this;
    if (lookup.write(key, 'hex') !== 16) throw new Error('a key has 32 hex digits');
    lookup.writeUInt32BE(0, 16);
    const first = this.entries.getBinaryFast(lookup);
    if (first === undefined) return undefined;
    // Its memory is LMDB's, until the next look.
    const length = first.length;
    // The first piece has the time of writing and a check of all the others.
    if (known && length === Math.min(known.length, chunk) && known.compare(first, 0, length, 0, length) === 0)
      return known;
    if (length < SECTIONS_AT) throw new BrokenEntry('no entry');
    const whole =
      SECTIONS_AT +
      first.readUInt32LE(LENGTHS_AT) +
      first.readUInt32LE(LENGTHS_AT + 4) +
      first.readUInt32LE(LENGTHS_AT + 8);
    if (length !== Math.min(whole, chunk) || whole > most) throw new BrokenEntry('a piece of an entry');
    const bytes = Buffer.allocUnsafe(whole);
    first.copy(bytes, 0, 0, length);
    for (let at = length, index = 1; at < whole; index++) {
      lookup.writeUInt32BE(index, 16);
      const piece = this.entries.getBinaryFast(lookup);
      if (piece?.length !== Math.min(whole - at, chunk)) throw new BrokenEntry('a piece of an entry');
      at += piece.copy(bytes, at, 0, piece.length);
    }
    return bytes;
  }

  /** Puts an entry in place of the one there was. @param before - what {@link infoOf} says of that one */
  put(key: Buffer, entry: Buffer, info: Omit<Info, 'chunks'>, before: Info | undefined): void {
    let chunks = 0;
    for (let at = 0; at < entry.length; at += this.chunk, chunks++) {
      const piece = entry.length <= this.chunk ? entry : entry.subarray(at, at + this.chunk);
      this.entries.putSync(chunkKey(key, chunks, this.chunkScratch), piece);
    }
    if (before) {
      for (let i = chunks; i < before.chunks; i++) this.entries.removeSync(chunkKey(key, i));
      this.order.removeSync(orderKey(before.usedAt, key));
    }
    this.entries.putSync(key, encodeInfo({ ...info, chunks }));
    this.order.putSync(orderKey(info.usedAt, key, this.orderScratch), STAYS);
    this.now.entries += before ? 0 : 1;
    this.now.bytes += info.size - (before?.size ?? 0);
  }

  /** @param info - what {@link infoOf} says of it */
  remove(key: Buffer, info: Info): void {
    for (let i = 0; i < info.chunks; i++) this.entries.removeSync(chunkKey(key, i));
    this.entries.removeSync(key);
    this.order.removeSync(orderKey(info.usedAt, key));
    this.now.entries -= 1;
    this.now.bytes -= info.size;
  }

  /** Notes a use, unless a later one is noted. */
  touch(key: Buffer, usedAt: number): void {
    const info = this.infoOf(key);
    if (info === undefined || info.usedAt >= usedAt) return;
    this.order.removeSync(orderKey(info.usedAt, key));
    this.order.putSync(orderKey(usedAt, key), STAYS);
    this.entries.putSync(key, encodeInfo({ ...info, usedAt }));
  }

  /**
   * Removes the oldest, until so many bytes are free or so many entries went.
   * @param touchedAt - when an entry was used as far as is not noted yet; one that was is noted now instead
   * @returns the bytes that were freed
   */
  evict(bytes: number, most: number, touchedAt: (key: Buffer) => number | undefined): number {
    let freed = 0;
    let looked = 0;
    while (freed < bytes && looked < most) {
      const limit = Math.min(OLDEST_AT_ONCE, most - looked);
      const oldest = [...this.order.getKeys({ start: AFTER_STAYS, limit })];
      if (oldest.length === 0) break;
      for (const order of oldest) {
        if (freed >= bytes) break;
        looked += 1;
        const key = keyOfOrder(order);
        const later = touchedAt(key);
        if (later !== undefined && later > usedAtOf(order)) this.touch(key, later);
        else {
          const info = this.infoOf(key);
          if (info) this.remove(key, info);
          freed += info?.size ?? 0;
        }
        // Also of an entry that isn't there, or has another time.
        this.order.removeSync(order);
      }
    }
    return freed;
  }

  /**
   * What is told of entries, in the order of their keys: as many as are among `limit` records.
   * @param after - where the step before ended
   * @returns where this one ended; nothing at the end of the table
   */
  infos(
    after: Buffer | undefined,
    limit: number,
  ): { infos: [key: Buffer, info: Info][]; last: Buffer | undefined } {
    const start = after === undefined ? AFTER_STAYS : Buffer.concat([after, STAYS]);
    const keys = [...this.entries.getKeys({ start, limit })];
    const infos: [Buffer, Info][] = [];
    for (const key of keys) {
      const info = key.length === KEY_BYTES ? this.infoOf(key) : undefined;
      if (info) infos.push([key, info]);
    }
    return { infos, last: keys.length < limit ? undefined : keys.at(-1) };
  }

  /** The latest use there is, microseconds since the epoch; 0 when there is none. */
  latestUse(): number {
    for (const order of this.order.getKeys({ reverse: true, limit: 1 }))
      if (order.length > STAYS.length) return usedAtOf(order);
    return 0;
  }

  /** All of a snapshot, from the latest use to the first. */
  *newestFirst(): Generator<[key: Buffer, info: Info]> {
    for (const order of this.order.getKeys({ reverse: true })) {
      const key = keyOfOrder(order);
      const info = order.length > STAYS.length ? this.infoOf(key) : undefined;
      if (info) yield [key, info];
    }
  }

  private fileStats(): FileStats {
    return this.entries.getStats() as unknown as FileStats;
  }
}
