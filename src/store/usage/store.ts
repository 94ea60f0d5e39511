/** How an exchange ended; see `record/happening.ts`. Places are those on disk: new ones go to the end. */
export const ends = ['whole', 'refused', 'failed', 'cut', 'left', 'errored', 'stopped'] as const;
export type UsageEnd = (typeof ends)[number];

export const cacheUses = ['hit', 'stale', 'collapsed', 'miss', 'bypass'] as const;
export type UsageCache = (typeof cacheUses)[number];

/** What exchanges are added up by. Texts of clients are cut, see {@link cutLabel}. */
export interface Labels {
  /** `k:` and a digest of the key, `a:` and an address, empty when it was refused before, or {@link OTHER}. */
  readonly user: string;
  readonly target: string;
  readonly route: string;
  /** Empty when the request named none, or {@link OTHER}. */
  readonly model: string;
}

/** Stands for those that are too many to be told apart. */
export const OTHER = 'other';

/** One exchange. Times in ms, money in billionths of a dollar. */
export interface UsageRecord extends Labels {
  /** When it came in, since the epoch. */
  readonly at: number;
  readonly status: number;
  readonly end: UsageEnd;
  readonly stream: boolean;
  /** Undefined where the answer tells of no tokens. */
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly cached: number | undefined;
  readonly reasoning: number | undefined;
  /** False: tokens are an estimate of aifd's. */
  readonly isReported: boolean;
  /** Undefined: nothing that has a price, or a model whose price is not known, which is what `isUnpriced` says. */
  readonly cost: number | undefined;
  readonly isUnpriced: boolean;
  /** What it would have cost, had the cache not answered. */
  readonly saved: number;
  readonly durationMs: number;
  readonly firstByteMs: number | undefined;
  /** How long the upstream was at its output; 0: not to be told. */
  readonly sayingMs: number;
  readonly cache: UsageCache | undefined;
  readonly retries: number;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Characters of a label that are kept: a name that nobody gave a model does not fill the disk. */
const LONGEST_LABEL = 96;

/** A label as it is kept: cut, and never with half a surrogate at its end. */
export function cutLabel(text: string): string {
  return text.length <= LONGEST_LABEL ? text : `${text.slice(0, LONGEST_LABEL - 1)}…`.toWellFormed();
}

/** Tokens of output a second of saying them, of one exchange; undefined where there is nothing to tell. */
export function tokensPerSecond({ output = 0, sayingMs }: UsageRecord): number | undefined {
  return sayingMs > 0 && output > 0 ? (output * 1000) / sayingMs : undefined;
}

/** Whether the client got no whole answer, or one that tells of an error of a server's. */
export function isError({ status, end }: Pick<UsageRecord, 'status' | 'end'>): boolean {
  return status >= 500 || end === 'cut' || end === 'errored' || end === 'stopped';
}

/** Whether no upstream was paid for it. */
export function isFromCache(cache: UsageCache | undefined): boolean {
  return cache === 'hit' || cache === 'stale' || cache === 'collapsed';
}
