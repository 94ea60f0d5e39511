import type { About } from './store.ts';

/** The bytes of a key of the cache, 32 hex digits. */
export const KEY_BYTES = 16;
const USED_AT = 0;
const SIZE_AT = 8;
const KEPT_UNTIL_AT = 16;
const CHUNKS_AT = 24;
const ABOUT_AT = 28;

/** LMDB 3.5.6: what a page has before its data, and what a value has beside it in a leaf (the node and its pointer). */
const PAGE_HEADER = 24;
const NODE_BYTES = 10;
const PAGE_NUMBER_BYTES = 8;
/** Measured under three times the load that fits: keys come and go at random, and of a leaf not half is in use. */
const LEAF_WASTE = 2.15;

/** What is kept of an entry beside its bytes: 4 numbers and what is told of it, as JSON. */
export interface Info {
  /** Microseconds since the epoch; no two uses of a process have the same. */
  readonly usedAt: number;
  /** Bytes. */
  readonly size: number;
  readonly keptUntil: number;
  /** In so many pieces are its bytes. */
  readonly chunks: number;
  /** JSON. */
  readonly about: Buffer;
}

/**
 * The largest value that takes one page of its own. An entry is kept in pieces of that size, for in LMDB a large value
 * needs pages that follow each other: after a while few are free, and the file grows though most of it is unused. Every
 * page that is freed serves the next entry.
 */
export const chunkBytes = (pageSize: number): number => pageSize - PAGE_HEADER;

/** @throws Error for what is no key */
export function keyBytesOf(key: string): Buffer {
  const bytes = Buffer.from(key, 'hex');
  if (bytes.length !== KEY_BYTES) throw new Error('a key has 32 hex digits');
  return bytes;
}

/** Where a piece is: the key, and which one it is. */
export function chunkKey(key: Buffer, index: number, bytes = Buffer.allocUnsafe(KEY_BYTES + 4)): Buffer {
  bytes.set(key);
  bytes.writeUInt32BE(index, KEY_BYTES);
  return bytes;
}

/** Sorted by the time of use. */
export function orderKey(usedAt: number, key: Buffer, bytes = Buffer.allocUnsafe(8 + KEY_BYTES)): Buffer {
  bytes.writeUInt32BE(Math.floor(usedAt / 2 ** 32), 0);
  bytes.writeUInt32BE(usedAt % 2 ** 32, 4);
  bytes.set(key, 8);
  return bytes;
}

export const usedAtOf = (order: Buffer): number => order.readUInt32BE(0) * 2 ** 32 + order.readUInt32BE(4);
export const keyOfOrder = (order: Buffer): Buffer => order.subarray(8);

const infoScratch = Buffer.allocUnsafeSlow(4096);

/** @returns memory that is used again for the next one, where that is large enough */
export function encodeInfo({ usedAt, size, keptUntil, chunks, about }: Info): Buffer {
  const length = ABOUT_AT + about.length;
  const bytes = length <= infoScratch.length ? infoScratch.subarray(0, length) : Buffer.allocUnsafe(length);
  bytes.writeDoubleLE(usedAt, USED_AT);
  bytes.writeDoubleLE(size, SIZE_AT);
  bytes.writeDoubleLE(keptUntil, KEPT_UNTIL_AT);
  bytes.writeUInt32LE(chunks, CHUNKS_AT);
  bytes.set(about, ABOUT_AT);
  return bytes;
}

/** @param bytes memory of their own */
export function decodeInfo(bytes: Buffer): Info {
  return {
    usedAt: bytes.readDoubleLE(USED_AT),
    size: bytes.readDoubleLE(SIZE_AT),
    keptUntil: bytes.readDoubleLE(KEPT_UNTIL_AT),
    chunks: bytes.readUInt32LE(CHUNKS_AT),
    about: bytes.subarray(ABOUT_AT),
  };
}

/** @returns nothing when it is damaged */
export function parseAbout({ about }: Info): About | undefined {
  try {
    return JSON.parse(about.toString()) as About;
  } catch {
    return undefined;
  }
}

/** What an entry takes: its whole pages, and its share of the leaves. Bytes. */
export function sizeOf(entryBytes: number, aboutBytes: number, pageSize: number): number {
  const chunk = chunkBytes(pageSize);
  // LMDB puts two values at least into a leaf; what is larger than that gets a page.
  const mostInLeaf = chunk / 2 - NODE_BYTES - KEY_BYTES - 4;
  const rest = entryBytes % chunk;
  const pages = Math.floor(entryBytes / chunk) + (rest > mostInLeaf ? 1 : 0);
  const inLeaves =
    pages * (KEY_BYTES + 4 + NODE_BYTES + PAGE_NUMBER_BYTES) +
    (rest > 0 && rest <= mostInLeaf ? rest + KEY_BYTES + 4 + NODE_BYTES : 0) +
    (ABOUT_AT + aboutBytes + KEY_BYTES + NODE_BYTES) +
    (8 + KEY_BYTES + NODE_BYTES);
  return pages * pageSize + Math.ceil(inLeaves * LEAF_WASTE);
}
