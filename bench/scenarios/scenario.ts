import type { Contender } from '../contenders/contender.ts';
import type { Pattern, Question } from '../load/order.ts';

/** What a contender can do, found when it is warmed up: what slow ones are asked is cut to it. */
export interface Capacity {
  /** Small JSON answers a second over 32 connections. */
  json: number;
}

/** What is asked of one contender, and when. */
export interface Work {
  question: Question;
  pattern: Pattern;
  /** Seconds in which all must be over. */
  limit: number;
}

export type Group =
  | 'start'
  | 'limits'
  | 'cache'
  | 'json'
  | 'large'
  | 'sse'
  | 'rate'
  | 'workers'
  | 'starts'
  | 'open';

/** One thing that is measured. */
export interface Scenario {
  /** Stable: what results of different days are compared by. */
  id: string;
  title: string;
  /** What `--only` takes. */
  group: Group;
  /** Whether a contender takes part. */
  among(contender: Pick<Contender, 'name' | 'isPeer'>): boolean;
  /** Rounds at most, and times a round. */
  rounds: number;
  repeats: number;
  /**
   * Load, upstream and contender use all processors: those with several processes, and where so little is asked that
   * nobody wants for a processor. There, to be kept apart would only mean waking each other across processors.
   */
  isUnplaced?: boolean;
  /** Those that have a cache answer from it. */
  areHits?: boolean;
  /** Nobody is saturated: what a contender adds to the direct way says something. */
  addsLatency?: boolean;
  /**
   * None for what is measured as contenders start.
   * @param share of the full time of measuring
   */
  work?(capacity: Capacity, share: number): Work;
}
