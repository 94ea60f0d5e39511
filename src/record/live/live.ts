import { BUCKETS, bucketOf } from '../../store/usage/histogram.ts';
import { isError, isFromCache } from '../../store/usage/store.ts';
import type { Outcome, Sink } from '../happening.ts';
import { type LiveFigures, type LiveRow, mergeRows } from './live-figures.ts';
import { shownUser } from '../../store/user-digest.ts';

const SECONDS = 60;
/** Keys told apart in one second; the rest are `other`. */
const MOST_NAMES = 100;
/** Rows that are told of. */
const MOST_ROWS = 50;

/** Counters of one name: requests, limited, errors, tokens. */
type Counts = [requests: number, limited: number, errors: number, tokens: number];

/** What ended in one second. */
class Second {
  at = -1;
  requests = 0;
  limited = 0;
  errors = 0;
  hits = 0;
  asked = 0;
  tokens = 0;
  readonly durations = new Uint32Array(BUCKETS);
  readonly keys = new Map<string, Counts>();
  readonly targets = new Map<string, Counts>();

  begin(at: number): void {
    this.at = at;
    this.requests = this.limited = this.errors = this.hits = this.asked = this.tokens = 0;
    this.durations.fill(0);
    this.keys.clear();
    this.targets.clear();
  }
}

/** So long after somebody asked, tokens are counted too: for that each answer must be read. ms */
const WATCHED_MS = 10_000;

/** What this process did in the last minute, for `aifd top`. It costs a request less than a microsecond. */
export class Live implements Sink {
  private readonly ring = Array.from({ length: SECONDS + 1 }, () => new Second());
  private readonly started: number;
  private open = 0;
  private watchedUntil = -Infinity;

  /** @param clock - ms that never go back */
  constructor(private readonly clock: () => number = () => performance.now()) {
    this.started = clock();
  }

  /** A request has come in: for each there is to be one {@link happened}. */
  begun(): void {
    this.open += 1;
  }

  onlyCounts(): boolean {
    return this.clock() > this.watchedUntil;
  }

  happened(outcome: Outcome): void {
    this.counted(outcome);
  }

  counted({ status, end, cache, usage, durationMs, user, target }: Outcome): void {
    if (this.open > 0) this.open -= 1;
    const second = this.second(Math.floor(this.clock() / 1000));
    const limited = status === 429 ? 1 : 0;
    const errors = isError({ status, end }) ? 1 : 0;
    // As in `aifd stats`: what no upstream was paid for is no use of tokens.
    const isHit = isFromCache(cache);
    const tokens = isHit ? 0 : (usage?.input ?? 0) + (usage?.output ?? 0);
    second.requests += 1;
    second.limited += limited;
    second.errors += errors;
    second.tokens += tokens;
    if (isHit) second.hits += 1;
    if (isHit || cache === 'miss') second.asked += 1;
    second.durations[bucketOf(durationMs)]! += 1;
    count(second.keys, user, limited, errors, tokens);
    count(second.targets, target, limited, errors, tokens);
  }

  /** The last sixty whole seconds, and the one that runs. */
  figures(): LiveFigures {
    this.watchedUntil = this.clock() + WATCHED_MS;
    const now = Math.floor(this.clock() / 1000);
    const last = this.ring.filter(({ at }) => at > now - SECONDS && at <= now);
    const sum = (name: 'requests' | 'limited' | 'errors' | 'hits' | 'asked' | 'tokens'): number =>
      last.reduce((total, second) => total + second[name], 0);
    const durations: [number, number][] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const all = last.reduce((total, second) => total + second.durations[bucket]!, 0);
      if (all > 0) durations.push([bucket, all]);
    }
    return {
      pid: process.pid,
      open: this.open,
      seconds: Math.min(SECONDS, Math.max(1, Math.ceil((this.clock() - this.started) / 1000))),
      requests: sum('requests'),
      lastSecond: last.find(({ at }) => at === now - 1)?.requests ?? 0,
      limited: sum('limited'),
      errors: sum('errors'),
      hits: sum('hits'),
      asked: sum('asked'),
      tokens: sum('tokens'),
      durations,
      keys: rows(
        last.map(({ keys }) => keys),
        shownUser,
      ),
      targets: rows(last.map(({ targets }) => targets)),
    };
  }

  private second(at: number): Second {
    const second = this.ring[at % this.ring.length]!;
    if (second.at !== at) second.begin(at);
    return second;
  }
}

function count(
  by: Map<string, Counts>,
  wanted: string,
  limited: number,
  errors: number,
  tokens: number,
): void {
  let counts = by.get(wanted);
  if (!counts) {
    const name = by.size < MOST_NAMES ? wanted : 'other';
    counts = by.get(name);
    if (!counts) by.set(name, (counts = [0, 0, 0, 0]));
  }
  counts[0] += 1;
  counts[1] += limited;
  counts[2] += errors;
  counts[3] += tokens;
}

function rows(
  seconds: readonly ReadonlyMap<string, Counts>[],
  shown = (name: string): string => name,
): LiveRow[] {
  const all = seconds.flatMap((by) =>
    [...by].map(([name, [requests, limited, errors, tokens]]) => ({
      name: shown(name),
      requests,
      limited,
      errors,
      tokens,
    })),
  );
  return mergeRows(all).slice(0, MOST_ROWS);
}

/** {@link Live} for local callers, as a service of the control socket (`server/control.ts`): `GET /live`. */
export function liveService(live: Live) {
  return {
    name: 'live',
    handle: (request: Request, rest: string): Response | undefined =>
      request.method === 'GET' && rest === '' ? Response.json(live.figures()) : undefined,
  };
}
