import type { Child } from '../measure/processes.ts';

/** One way from the load to the mock upstream: how to start it, and what is known of it before. */
export interface Contender {
  /** What `--contenders` takes, and rows are kept under. */
  name: string;
  /** Whether what it can do beside forwarding (keys, limits, logs, measures) is on. */
  features: 'off' | 'on';
  /** Answers what was asked before from a cache, and says so in `Cache-Status`. */
  caches?: boolean;
  /** Takes part only with `--peers`, then in all that the main contenders do. */
  isPeer?: boolean;
  /** Has several processes, which are not put on one processor. */
  isSeveral?: boolean;
  /**
   * How its answers must be: `exact`, byte for byte those of the upstream, is the rule; `content` for those that write
   * answers anew: the same texts and the same number of events.
   */
  answers: 'exact' | 'content';
  /** Keys that its clients send in turn, all of one length; the usual one when there are none. */
  keys?: readonly string[];
  /** Says what it lacks on this machine; undefined when it can start. */
  missing(): string | undefined;
  /** Starts it, listening. @throws Error when it does not listen, after what was started is stopped. */
  start(where: Where): Promise<Running>;
}

/** What a contender is started with. */
export interface Where {
  /** The mock upstream's port on 127.0.0.1. */
  upstream: number;
  /** For configs, logs and data; gone after the round. */
  folder: string;
  /** The processors it may use, as `taskset` names them; all when absent. */
  cores?: string;
  /** The checkout whose aifd is started; this one when absent. */
  root?: string;
}

/** A contender that runs. */
export interface Running {
  contender: Contender;
  port: number;
  /** What comes before `/v1/…` in its paths. */
  prefix?: string;
  /** Header lines that its clients must send beside the usual ones. */
  headers?: Readonly<Record<string, string>>;
  /** Whose CPU and memory are its own; `direct` has none. */
  child?: Child;
  /** What it needs beside it, whose CPU is not its own. */
  helper?: Child;
}

/** The key that goes upstream in place of the client's. */
export const realKey = 'sk-bench-9876543210';

/** A {@link Contender.missing} that looks for a program. */
export function needs(program: string): () => string | undefined {
  return () => (Bun.which(program) === null ? `${program} is not on PATH` : undefined);
}
