import { closeSync, fstatSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { Pages, type Tree, treeAt } from './lmdb-pages.ts';

/** LMDB's file is not one, or is damaged: to open it would end the process. */
export class DamagedFile extends Error {
  /** Without what may be done about it. */
  readonly reason: string;

  constructor(reason: string, advice = '') {
    super(reason + advice);
    this.reason = reason;
  }
}

/** Offsets in a meta page, of which there are two at the file's start, and what is there. Format 2 of lmdb 3.5.6. */
export const META = {
  magic: 24,
  version: 28,
  pageSize: 48,
  free: 48,
  main: 96,
  lastPage: 144,
  transaction: 152,
  end: 160,
};
const MAGIC = 0xbeef_c0de;
const VERSION = 2;
const LEAST_PAGE_SIZE = 512;
const MOST_PAGE_SIZE = 2 ** 16;
/** What transactions may have taken at the file's end and never written, beside as much as there is. Pages. */
const MOST_UNWRITTEN = 2 ** 20;

interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: number;
  readonly free: Tree;
  readonly main: Tree;
}

/**
 * Looks at the file before LMDB does: lmdb 3.5.6 ends the process (a segmentation fault, a bus error) when it opens
 * something else, reads behind the file's end, or follows a page that is not what it should be. To be called
 * while nobody writes. What LMDB began to make and never used, as the disk was full, is removed.
 *
 * @param path of data.mdb; there may be none
 * @throws DamagedFile for a file that is neither empty nor LMDB's, that ends too early, or whose pages are damaged
 */
export function refuseDamagedFile(path: string): void {
  if (!((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0)) return;
  const file = openSync(path, 'r');
  let isUnborn = false;
  try {
    isUnborn = check(file, fstatSync(file).size);
  } finally {
    closeSync(file);
  }
  if (isUnborn) rmSync(path, { force: true });
}

/** @returns whether nothing was ever written to it, and it isn't whole */
function check(file: number, size: number): boolean {
  const first = readMeta(file, 0);
  if (first === undefined) throw new DamagedFile('data.mdb there is no LMDB file');
  const { pageSize } = first;
  if (size < 2 * pageSize && first.transaction === 0) return true;
  const second = readMeta(file, pageSize);
  if (second === undefined && size >= 2 * pageSize)
    throw new DamagedFile('data.mdb there is damaged', '; remove it');
  const meta = second && second.transaction > first.transaction ? second : first;
  const whole = (Math.max(1, meta.lastPage) + 1) * pageSize;
  // A number of pages that no file has: the check would take memory for each.
  const isPlausible = second !== undefined && meta.lastPage <= (2 * size) / pageSize + MOST_UNWRITTEN;
  if (isPlausible) {
    const pages = new Pages(file, pageSize, meta.lastPage, meta.transaction, size);
    if (pages.areSound(meta.free, meta.main)) return false;
  }
  if (size >= whole) throw new DamagedFile('data.mdb there is damaged', '; remove it');
  throw new DamagedFile(`data.mdb there is cut short: ${size} bytes where it says ${whole}`, '; remove it');
}

/** @returns nothing for what is no meta page */
function readMeta(file: number, at: number): Meta | undefined {
  const bytes = Buffer.alloc(META.end);
  if (readSync(file, bytes, 0, META.end, at) < META.end) return undefined;
  const pageSize = bytes.readUInt32LE(META.pageSize);
  const isMeta =
    bytes.readUInt32LE(META.magic) === MAGIC &&
    bytes.readUInt32LE(META.version) === VERSION &&
    pageSize >= LEAST_PAGE_SIZE &&
    pageSize <= MOST_PAGE_SIZE &&
    Number.isInteger(Math.log2(pageSize));
  if (!isMeta) return undefined;
  return {
    pageSize,
    lastPage: numberAt(bytes, META.lastPage),
    transaction: numberAt(bytes, META.transaction),
    free: treeAt(bytes, META.free),
    main: treeAt(bytes, META.main),
  };
}

const numberAt = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at));
