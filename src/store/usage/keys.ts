import type { Labels } from './store.ts';

/** What an entry is: never removed (see `windows/lmdb.ts`), a day's, an hour's, exchanges, how many exchanges. */
export const kinds = { stays: 0, day: 1, hour: 2, exchanges: 3, head: 4 } as const;
export type Period = 'day' | 'hour';

export const STAYS = Buffer.alloc(21);
export const HEAD_KEY = Buffer.of(kinds.head);

/**
 * A group's key: the period's kind, when it began, a digest of the user, one of the other labels. Those of one period lie
 * together. With zeros for the user it is where the period is counted, with zeros for the others where the user is.
 */
export function groupKey(period: Period, at: number, labels: Labels | undefined, isUserOnly = false): Buffer {
  const key = Buffer.alloc(21);
  key[0] = kinds[period];
  key.writeUInt32BE(at / 1000, 1);
  if (labels === undefined) return key;
  const { user, target, route, model } = labels;
  digestInto(key, 5, user);
  if (!isUserOnly) digestInto(key, 13, JSON.stringify([target, route, model]));
  return key;
}

/** Where a period's groups begin: those of `at` and later lie from here on. */
export function periodStart(period: Period, at: number): Buffer {
  const key = Buffer.alloc(5);
  key[0] = kinds[period];
  key.writeUInt32BE(Math.min(0xffff_ffff, Math.max(0, Math.floor(at / 1000))), 1);
  return key;
}

export const periodEnd = (period: Period): Buffer => Buffer.of(kinds[period] + 1);
/** When the period of a group began, ms. */
export const beganAt = (key: Buffer): number => key.readUInt32BE(1) * 1000;
/** A counter, and no group. */
export const isCounter = (key: Buffer): boolean => key.readBigUInt64BE(13) === 0n;

/** @param number - blocks have one after the other */
export function blockKey(number: number): Buffer {
  const key = Buffer.alloc(9);
  key[0] = kinds.exchanges;
  key.writeBigUInt64BE(BigInt(number), 1);
  return key;
}

const digest = Buffer.alloc(32);

function digestInto(key: Buffer, at: number, text: string): void {
  Bun.SHA256.hash(text, digest);
  digest.copy(key, at, 0, 8);
}
