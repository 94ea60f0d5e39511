import { cacheUses, cutLabel, ends, type UsageCache, type UsageEnd, type UsageRecord } from './store.ts';

/** Exchanges that lie in one entry. */
export const BLOCK = 256;
const COUNT_BYTES = 2;

/** Exchanges as one entry: how many, and a JSON list of lists. */
export function encodeBlock(records: readonly UsageRecord[]): Buffer {
  const json = JSON.stringify(records.map(rowOf));
  const bytes = Buffer.allocUnsafe(COUNT_BYTES + Buffer.byteLength(json));
  bytes.writeUInt16LE(records.length, 0);
  bytes.write(json, COUNT_BYTES);
  return bytes;
}

/** How many there are in a block; 1 for what is none, so that it goes some day. */
export const countIn = (bytes: Buffer): number => (bytes.length < COUNT_BYTES ? 1 : bytes.readUInt16LE(0));

/** @returns none for bytes that are no block */
export function decodeBlock(bytes: Buffer): UsageRecord[] {
  try {
    const rows: unknown = JSON.parse(bytes.toString('utf8', COUNT_BYTES));
    return Array.isArray(rows) ? rows.filter(isRow).map(recordOf) : [];
  } catch {
    return [];
  }
}

const micros = (ms: number): number => Math.round(ms * 1000);

function rowOf(record: UsageRecord): unknown[] {
  const { at, user, target, route, model, status, end, cache, firstByteMs } = record;
  return [
    Math.round(at),
    cutLabel(user),
    cutLabel(target),
    cutLabel(route),
    cutLabel(model),
    status,
    ends.indexOf(end),
    record.stream ? 1 : 0,
    record.input,
    record.output,
    record.cached,
    record.reasoning,
    record.isReported ? 1 : 0,
    record.cost,
    record.isUnpriced ? 1 : 0,
    record.saved,
    micros(record.durationMs),
    firstByteMs === undefined ? undefined : micros(firstByteMs),
    cache === undefined ? undefined : cacheUses.indexOf(cache),
    record.retries,
    micros(record.sayingMs),
  ];
}

const isRow = (row: unknown): row is unknown[] =>
  Array.isArray(row) &&
  typeof row[0] === 'number' &&
  row.slice(1, 5).every((each) => typeof each === 'string');

function recordOf(row: unknown[]): UsageRecord {
  const text = (index: number): string => row[index] as string;
  const maybe = (index: number): number | undefined =>
    typeof row[index] === 'number' ? row[index] : undefined;
  const number = (index: number): number => maybe(index) ?? 0;
  const firstByte = maybe(17);
  return {
    at: number(0),
    user: text(1),
    target: text(2),
    route: text(3),
    model: text(4),
    status: number(5),
    end: (ends[number(6)] ?? 'whole') satisfies UsageEnd,
    stream: number(7) === 1,
    input: maybe(8),
    output: maybe(9),
    cached: maybe(10),
    reasoning: maybe(11),
    isReported: number(12) === 1,
    cost: maybe(13),
    isUnpriced: number(14) === 1,
    saved: number(15),
    durationMs: number(16) / 1000,
    firstByteMs: firstByte === undefined ? undefined : firstByte / 1000,
    cache: cacheUses[maybe(18) ?? -1] satisfies UsageCache | undefined,
    retries: number(19),
    sayingMs: number(20) / 1000,
  };
}
