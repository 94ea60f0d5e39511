import type { Strategy } from '../../config/strategies.ts';

export { strategies, type Strategy } from '../../config/strategies.ts';

/** One window of one user: what a limit string like `60/minute;600/hour` has two of. */
export interface Meter {
  /** Tells this window from every other; two meters of one hit never share it. */
  readonly key: string;
  readonly amount: number;
  readonly windowMs: number;
  /** What this hit takes: 1 for a request, n for tokens; 0 only looks, and is never refused. */
  readonly cost: number;
}

/** A meter after a decision. Times are in milliseconds, counted from the decision's `now`. */
export interface MeterState {
  readonly remaining: number;
  /** Until the whole amount is there again; 0 when it is. */
  readonly resetMs: number;
  /** 0 when `cost` fitted; else until it would, and `Infinity` when `cost` is more than the amount. */
  readonly retryMs: number;
}

export interface Decision {
  readonly allowed: boolean;
  /** One a meter, in the order of the meters. */
  readonly states: readonly MeterState[];
}

/** Where windows live. What they count is the same in every store: one contract suite is run by all. */
export interface WindowStore {
  /**
   * Atomic: all meters allow and all count, or none counts (with elastic expiry those that refused are
   * stretched).
   *
   * @param now milliseconds since the epoch
   */
  hit(meters: readonly Meter[], strategy: Strategy, now: number): Decision | Promise<Decision>;
  /**
   * Corrects by `delta` what a hit at `at` counted, where that still counts: tokens that were reserved and not
   * used, or used beyond what was reserved. Never below 0. The meters' costs have no part in it.
   */
  settle(
    meters: readonly Meter[],
    strategy: Strategy,
    at: number,
    delta: number,
    now: number,
  ): void | Promise<void>;
  close(): Promise<void>;
}

/**
 * How far the clocks of processes that share a moving window may differ, in milliseconds. A hit that is further ahead was
 * counted by a clock that was wrong, and counts as one of now: no window ends later than its length from now. A hit within
 * it keeps its time, by which it is found to be settled.
 */
export const CLOCKS_DIFFER_MS = 1000;

/**
 * How long a store keeps a window beyond its end, in milliseconds, so that clocks which differ a little don't
 * take each other's windows away. What is kept for longer never counts: each decision looks at the times.
 */
export const KEPT_BEYOND_END_MS = 60_000;
