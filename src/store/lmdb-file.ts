import { closeSync, fstatSync, openSync, readSync, rmSync, statSync } from 'node:fs';

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
const META = {
  magic: 24,
  version: 28,
  pageSize: 48,
  freeRoot: 88,
  lastPage: 144,
  transaction: 152,
  end: 160,
};
const MAGIC = 0xbeef_c0de;
const VERSION = 2;
const LEAST_PAGE_SIZE = 512;
const MOST_PAGE_SIZE = 2 ** 16;
/** Of any page: flags that say its kind, the length of its list of nodes, and the header that all offsets begin behind. */
const PAGE = { flags: 18, lower: 20, header: 24 };
const BRANCH = 1;
const LEAF = 2;
/** Of a node: its size or page in two halves, flags, the key's length, and then the key. */
const NODE = { low: 0, high: 2, flags: 4, keyBytes: 6, key: 8 };
/** A node's value is on pages of its own, the first of which it names. */
const ELSEWHERE = 1;
const NO_PAGE = 2 ** 64;

interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: number;
  readonly freeRoot: number;
}

/**
 * Looks at the file before LMDB does: lmdb 3.5.6 ends the process (a segmentation fault, a bus error) when it opens
 * something else, or reads behind the file's end. To be called while nobody writes. What LMDB began to make and never used,
 * as the disk was full, is removed.
 *
 * @param path of data.mdb; there may be none
 * @throws DamagedFile for a file that is neither empty nor LMDB's, or that ends too early
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
  if (size >= whole && second !== undefined) return false;
  if (second !== undefined && areFree(file, meta, Math.floor(size / pageSize))) return false;
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
    freeRoot: numberAt(bytes, META.freeRoot),
  };
}

/**
 * Whether all pages from `end` to the last are free. Then the file is sound: what a transaction takes at the file's end and
 * gives back before its own end is counted, and never written.
 */
function areFree(file: number, meta: Meta, end: number): boolean {
  const missing = meta.lastPage + 1 - end;
  const free = new Set<number>();
  try {
    for (const [start, count] of freeRuns(file, meta, end))
      for (let page = Math.max(start, end); page < start + count && page <= meta.lastPage; page++)
        free.add(page);
  } catch {
    // What says it is damaged itself.
    return false;
  }
  return free.size === missing;
}

/**
 * Goes through the table of free pages: under each transaction's number a list, as long as its first word says, of pages, or
 * of negative counts and the first page of so many.
 *
 * @throws Error where it leads out of the file, or round and round
 */
function* freeRuns(file: number, { pageSize, freeRoot }: Meta, end: number): Generator<[number, number]> {
  const open = freeRoot < NO_PAGE ? [freeRoot] : [];
  for (let looked = 0; open.length > 0; looked++) {
    if (looked > end) throw new Error('a loop');
    const page = readWhole(file, open.pop()! * pageSize, pageSize);
    const kind = page.readUInt16LE(PAGE.flags) & (BRANCH | LEAF);
    if (kind !== BRANCH && kind !== LEAF) throw new Error('neither a branch nor a leaf');
    for (const node of nodesOf(page)) {
      const low = page.readUInt16LE(node + NODE.low) + page.readUInt16LE(node + NODE.high) * 2 ** 16;
      const flags = page.readUInt16LE(node + NODE.flags);
      if (kind === BRANCH) {
        open.push(low + flags * 2 ** 32);
        continue;
      }
      const value = node + NODE.key + page.readUInt16LE(node + NODE.keyBytes);
      if ((flags & ELSEWHERE) === 0) yield* runsOf(page.subarray(value, value + low));
      else yield* runsOf(readWhole(file, numberAt(page, value) * pageSize + PAGE.header, low));
    }
  }
}

function* nodesOf(page: Buffer): Generator<number> {
  const lower = page.readUInt16LE(PAGE.lower);
  for (let at = 0; at < lower; at += 2) yield PAGE.header + page.readUInt16LE(PAGE.header + at);
}

function* runsOf(list: Buffer): Generator<[number, number]> {
  const length = Number(list.readBigInt64LE(0));
  for (let i = 1; i <= length; i++) {
    const word = Number(list.readBigInt64LE(i * 8));
    if (word > 0) yield [word, 1];
    else if (word < 0) yield [Number(list.readBigInt64LE(++i * 8)), -word];
  }
}

function readWhole(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  if (readSync(file, bytes, 0, length, at) < length) throw new Error('behind the end');
  return bytes;
}

const numberAt = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at));
