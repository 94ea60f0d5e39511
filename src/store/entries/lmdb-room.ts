import { statfsSync } from 'node:fs';
import { oldestReader } from '../lmdb-environment.ts';
import type { FileEnd, LmdbTables } from './lmdb-tables.ts';

/** How much the file may grow over the cap before pages are made free first, and at the very most. */
const SOFT = { factor: 1.06, bytes: 2 ** 20 };
const HARD = { factor: 1.12, bytes: 2 ** 21 };
/** Of the map, which is address space and no more. The same in all processes, also those with another cap. */
const LEAST_MAP_BYTES = 2 ** 34;
/** What a transaction changes beside what it is for: the ways from the roots to the leaves. */
const MARGIN_PAGES = 48;

/** A disk with so much free is looked at again only after a while. */
const AMPLE = { bytes: 2 ** 28, ms: 100 };

/**
 * The room in the file of one cap. lmdb 3.5.6 holds no bound itself: where the map ends it makes it twice as large, with no
 * error (and a larger map is a bus error in other processes). So nobody writes without having looked here.
 */
export class Room {
  readonly mapSize: number;
  /** Pages that one transaction should write at most, unless one entry alone has more. */
  readonly budget: number;
  readonly hardBytes: number;
  private readonly softPages: number;
  private readonly hardPages: number;
  private ampleUntil = 0;
  /** The transaction after which pages were counted that every writer may use, and how many these were. */
  private counted: { txn: number; free: number } | undefined;

  constructor(maxSize: number, fileBytes: number, pageSize = 4096) {
    this.hardBytes = maxSize * HARD.factor + HARD.bytes;
    this.softPages = (maxSize * SOFT.factor + SOFT.bytes) / pageSize;
    this.hardPages = this.hardBytes / pageSize;
    this.budget = Math.max(64, Math.floor(maxSize / pageSize / 64));
    this.mapSize = 2 ** Math.ceil(Math.log2(Math.max(LEAST_MAP_BYTES, 4 * maxSize, 2 * fileBytes)));
  }

  /**
   * Within a write transaction: whether it may write so many pages.
   * @param adds - what adds no entry may let the file grow a little more: no other entry should go for it
   */
  fits(pages: number, adds: boolean, { lastPageNumber, lastTxnId }: FileEnd): boolean {
    const needed = pages + MARGIN_PAGES;
    if (lastPageNumber + needed <= (adds ? this.softPages : this.hardPages)) return true;
    if (this.counted === undefined || this.counted.free < needed) return false;
    // Others may have written since, and taken of them: a little growth is bearable.
    return this.counted.txn === lastTxnId || lastPageNumber + needed <= this.hardPages;
  }

  /** How many pages have to be freed before so many can be written. */
  lacking(pages: number, tables: LmdbTables): number {
    return pages + 2 * MARGIN_PAGES - this.available(tables);
  }

  /**
   * After two transactions that freed nothing: from here on all that is free can be used.
   * @returns false when that is not so, as some process still reads what was there before
   */
  count(tables: LmdbTables, readers: string): boolean {
    const file = tables.fileEnd();
    const isPinned = oldestReader(readers) < file.lastTxnId - 2;
    this.counted = isPinned ? undefined : { txn: file.lastTxnId, free: this.available(tables) };
    return !isPinned;
  }

  /**
   * Whether the disk has room for so many pages more, and a reserve with which removing goes on; or the file has it.
   * LMDB's own error for a full disk comes with a line on stderr each time, and then nothing can be removed either.
   */
  hasDisk(path: string, pages: number, tables: LmdbTables): boolean {
    const now = performance.now();
    if (now < this.ampleUntil) return true;
    const { bavail, bsize } = statfsSync(path);
    const free = bavail * bsize;
    if (free > AMPLE.bytes) this.ampleUntil = now + AMPLE.ms;
    const needed = pages + MARGIN_PAGES;
    const reserve = 2 * (this.budget + MARGIN_PAGES);
    const lacking = needed + reserve - Math.floor(free / tables.pageSize);
    return lacking <= 0 || tables.freePages() >= lacking;
  }

  private available(tables: LmdbTables): number {
    return tables.freePages() + Math.max(0, this.softPages - tables.fileEnd().lastPageNumber);
  }
}
