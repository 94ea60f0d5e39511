import { BUCKETS } from '../../store/usage/histogram.ts';

/** What one key or target came to in the last minute. */
export interface LiveRow {
  readonly name: string;
  readonly requests: number;
  /** Those with status 429. */
  readonly limited: number;
  /** See `isError` of usage. */
  readonly errors: number;
  readonly tokens: number;
}

/** What one process did in the last minute. */
export interface LiveFigures {
  readonly pid: number;
  /** Requests that came and have not ended. */
  readonly open: number;
  /** Seconds that the figures are of: fewer than 60 after a start. */
  readonly seconds: number;
  readonly requests: number;
  /** Of the last whole second. */
  readonly lastSecond: number;
  readonly limited: number;
  readonly errors: number;
  /** Answered from the cache, and asked of it in all. */
  readonly hits: number;
  readonly asked: number;
  readonly tokens: number;
  /** Durations, see `store/usage/histogram.ts`: pairs of a bucket and its count. */
  readonly durations: readonly (readonly [bucket: number, count: number])[];
  readonly keys: readonly LiveRow[];
  readonly targets: readonly LiveRow[];
}

/** Several processes as one; `pid` is the first one's. */
export function mergeLive(all: readonly LiveFigures[]): LiveFigures {
  const sum = (
    name: 'open' | 'requests' | 'lastSecond' | 'limited' | 'errors' | 'hits' | 'asked' | 'tokens',
  ) => all.reduce((total, figures) => total + figures[name], 0);
  const durations = bucketsOf(all.flatMap((figures) => figures.durations));
  return {
    pid: all[0]?.pid ?? 0,
    open: sum('open'),
    seconds: Math.max(0, ...all.map(({ seconds }) => seconds)),
    requests: sum('requests'),
    lastSecond: sum('lastSecond'),
    limited: sum('limited'),
    errors: sum('errors'),
    hits: sum('hits'),
    asked: sum('asked'),
    tokens: sum('tokens'),
    durations: [...durations.entries()].filter(([, count]) => count > 0),
    keys: mergeRows(all.flatMap(({ keys }) => keys)),
    targets: mergeRows(all.flatMap(({ targets }) => targets)),
  };
}

/** The histogram as it is counted in. */
export function bucketsOf(pairs: LiveFigures['durations']): Float64Array {
  const counts = new Float64Array(BUCKETS);
  for (const [bucket, count] of pairs) if (bucket in counts) counts[bucket]! += count;
  return counts;
}

/** Rows of one name as one, the busiest first. */
export function mergeRows(rows: readonly LiveRow[]): LiveRow[] {
  const byName = new Map<string, LiveRow>();
  for (const row of rows) {
    const before = byName.get(row.name);
    byName.set(row.name, before ? added(before, row) : row);
  }
  return [...byName.values()].toSorted((a, b) => b.requests - a.requests || (a.name < b.name ? -1 : 1));
}

const added = (a: LiveRow, b: LiveRow): LiveRow => ({
  name: a.name,
  requests: a.requests + b.requests,
  limited: a.limited + b.limited,
  errors: a.errors + b.errors,
  tokens: a.tokens + b.tokens,
});
