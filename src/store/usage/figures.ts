import { BUCKETS, bucketOf } from './histogram.ts';
import { cacheUses, isError, isFromCache, type UsageRecord } from './store.ts';

/**
 * What is added up. The place of a name is how it lies on disk: new ones go to the end, and none goes away.
 * Times are in microseconds, money in billionths of a dollar: whole numbers, whose sums are exact in any order.
 */
export const figureNames = [
  'requests',
  'streams',
  'status1xx',
  'status2xx',
  'status3xx',
  'status4xx',
  'status5xx',
  /** Of 4xx, those with 429. */
  'limited',
  'whole',
  'refused',
  'failed',
  'cut',
  'left',
  /** Tokens as upstreams reported them; what the cache answered is not among them. */
  'input',
  'output',
  'cached',
  'reasoning',
  /** Exchanges whose tokens are estimates, and these tokens. */
  'estimated',
  'inputEstimated',
  'outputEstimated',
  'cost',
  'costEstimated',
  /** Exchanges with tokens and a model whose price is not known. */
  'unpriced',
  'saved',
  'savedInput',
  'savedOutput',
  'duration',
  'firstByte',
  /** Exchanges that have a first byte. */
  'firstBytes',
  ...cacheUses,
  'retries',
  /** Output whose saying was timed, and how long it took. */
  'said',
  'saying',
  'errored',
  'stopped',
  /** See `isError`. */
  'errors',
] as const;
export type FigureName = (typeof figureNames)[number];

/** Where the histogram of durations begins: after room for further figures. */
export const HISTOGRAM = 64;
/** Figures of one group are so many numbers. */
export const WIDTH = HISTOGRAM + BUCKETS;

export type Figures = Float64Array<ArrayBuffer>;
export const noFigures = (): Figures => new Float64Array(WIDTH);

const place = Object.fromEntries(figureNames.map((name, index) => [name, index])) as Record<
  FigureName,
  number
>;
/** One of the figures. */
export const figure = (figures: ArrayLike<number>, name: FigureName): number => figures[place[name]]!;

/** Adds `more` to `sum`. */
export function addFigures(sum: Figures, more: ArrayLike<number>): void {
  for (let i = 0; i < WIDTH; i++) sum[i]! += more[i]!;
}

/** Adds one exchange. */
export function addRecord(sum: Figures, record: UsageRecord): void {
  const { status, end, cache, durationMs, firstByteMs, retries, saved } = record;
  sum[place.requests]! += 1;
  if (record.stream) sum[place.streams]! += 1;
  const kind = Math.floor(status / 100);
  if (kind >= 1 && kind <= 5) sum[place.status1xx + kind - 1]! += 1;
  if (status === 429) sum[place.limited]! += 1;
  sum[place[end]]! += 1;
  if (isError(record)) sum[place.errors]! += 1;
  if (cache !== undefined) sum[place[cache]]! += 1;
  sum[place.retries]! += retries;
  sum[place.saved]! += saved;
  sum[place.duration]! += micros(durationMs);
  if (firstByteMs !== undefined) {
    sum[place.firstByte]! += micros(firstByteMs);
    sum[place.firstBytes]! += 1;
  }
  sum[HISTOGRAM + bucketOf(durationMs)]! += 1;
  addTokens(sum, record);
}

function addTokens(sum: Figures, record: UsageRecord): void {
  const { input = 0, output = 0, cached = 0, reasoning = 0, cost = 0, cache, isReported } = record;
  if (record.isUnpriced) sum[place.unpriced]! += 1;
  if (isFromCache(cache)) {
    sum[place.savedInput]! += input;
    sum[place.savedOutput]! += output;
    return;
  }
  if (record.input === undefined && record.output === undefined && record.cost === undefined) return;
  if (isReported) {
    sum[place.input]! += input;
    sum[place.output]! += output;
    sum[place.cached]! += cached;
    sum[place.reasoning]! += reasoning;
    sum[place.cost]! += cost;
  } else {
    sum[place.estimated]! += 1;
    sum[place.inputEstimated]! += input;
    sum[place.outputEstimated]! += output;
    sum[place.costEstimated]! += cost;
  }
  if (!(record.sayingMs > 0)) return;
  sum[place.said]! += output;
  sum[place.saying]! += micros(record.sayingMs);
}

const micros = (ms: number): number => (ms > 0 ? Math.round(ms * 1000) : 0);
