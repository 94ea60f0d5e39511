import type { Sized } from './lru.ts';
import { BrokenEntry } from './store.ts';

/**
 * Two records an entry, written and deleted together. `b` and the number of its arrival (8 bytes, big-endian): its
 * bytes, as the codec makes them, and its key in hex. `i` and its key (16 bytes): that number, its size, when it was used last and until when
 * it is kept (8 bytes each, the size 4; little-endian), and a check of all that (4). So the bodies lie in the order of their arrival, and an opener
 * reads small records only.
 */
export interface Kept extends Sized {
  readonly number: number;
  readonly keptUntil: number;
  usedAt: number;
}

const BODY = 0x62;
const INFO = 0x69;
const INFO_BYTES = 32;
const CHECK_AT = 28;
const KEY_BYTES = 32;
/** What two records take beside the entry's own bytes. */
const OVERHEAD_BYTES = 128;

export const sizeOf = (bytes: Uint8Array): number => bytes.length + OVERHEAD_BYTES;

/** From the first of the bodies to behind the last. */
export const BODIES = [Buffer.of(BODY), Buffer.of(BODY + 1)] as const;
export const INFOS = [Buffer.of(INFO), Buffer.of(INFO + 1)] as const;

export function bodyKey(number: number): Buffer {
  if (number === Infinity) return BODIES[1];
  const key = Buffer.allocUnsafe(9);
  key[0] = BODY;
  key.writeUInt32BE(Math.floor(number / 2 ** 32), 1);
  key.writeUInt32BE(number >>> 0, 5);
  return key;
}

/** The key is with the bytes, so that a damaged folder can't give one entry for another. */
export function encodeBody(key: string, bytes: Buffer): Buffer {
  const body = Buffer.allocUnsafe(bytes.length + KEY_BYTES);
  body.set(bytes);
  body.write(key, bytes.length, 'latin1');
  return body;
}

/** @throws {@link BrokenEntry} when they are another's */
export function bytesIn(key: string, body: Buffer): Buffer {
  const end = body.length - KEY_BYTES;
  if (end < 0 || body.toString('latin1', end) !== key) throw new BrokenEntry("another entry's bytes");
  return body.subarray(0, end);
}

export function infoKey(key: string): Buffer {
  const bytes = Buffer.allocUnsafe(17);
  bytes[0] = INFO;
  bytes.write(key, 1, 'hex');
  return bytes;
}

export function encodeInfo(key: string, { number, size, usedAt, keptUntil }: Kept): Buffer {
  const bytes = Buffer.allocUnsafe(INFO_BYTES);
  bytes.writeDoubleLE(number, 0);
  bytes.writeDoubleLE(usedAt, 8);
  bytes.writeDoubleLE(keptUntil, 16);
  bytes.writeUInt32LE(size, 24);
  bytes.writeUInt32LE(checkOf(key, bytes), CHECK_AT);
  return bytes;
}

/** @returns undefined for what is none, or damaged */
export function decodeInfo(record: Buffer, bytes: Buffer): [key: string, kept: Kept] | undefined {
  if (record.length !== 17 || bytes.length !== INFO_BYTES) return undefined;
  const key = record.toString('hex', 1);
  if (bytes.readUInt32LE(CHECK_AT) !== checkOf(key, bytes)) return undefined;
  const kept: Kept = {
    number: bytes.readDoubleLE(0),
    usedAt: bytes.readDoubleLE(8),
    keptUntil: bytes.readDoubleLE(16),
    size: bytes.readUInt32LE(24),
  };
  return [key, kept];
}

const checkOf = (key: string, bytes: Buffer): number =>
  Bun.hash.xxHash32(bytes.subarray(0, CHECK_AT), Bun.hash.xxHash32(key));
