import type { Wish } from '../upstream/wish.ts';

/** What a load process is asked to do: one scenario on one contender. */
export interface Order {
  port: number;
  path: string;
  /** Header lines beside the usual ones. */
  headers: Readonly<Record<string, string>>;
  /** Keys that are sent in turn, all of one length. */
  keys: readonly string[];
  question: Question;
  /** `exact`: answers are byte for byte the upstream's; `content`: they have its texts. */
  answers: 'exact' | 'content';
  pattern: Pattern;
  /** Seconds in which all must be over; after them the order has failed. */
  limit: number;
}

/** What is asked. */
export interface Question {
  stream: boolean;
  /** What the upstream is to answer. */
  wish: Partial<Wish>;
  /** Bytes of the prompt, at least {@link leastPrompt}. */
  prompt: number;
  /** No prompt comes twice. */
  distinct: boolean;
}

/** When it is asked. */
export type Pattern =
  /** So many connections that ask again when they were answered, for `seconds`. */
  | { kind: 'closed'; connections: number; seconds: number }
  /** So many a second, whether answers come or not, over as many connections as that takes, up to `connections`. */
  | { kind: 'open'; rate: number; seconds: number; connections: number }
  /** So many connections at once, one request each. */
  | { kind: 'burst'; connections: number };

/** What a load reports; times in milliseconds. */
export interface Report {
  /** Answers, those before the measure began included. */
  requests: number;
  /** Answers a second while it was measured. */
  rate?: number;
  p50?: number;
  p99?: number;
  p999?: number;
  /** To the first byte of a stream's body. */
  first50?: number;
  first99?: number;
  /** Between reads that brought events of a stream. */
  gap50?: number;
  gap99?: number;
  gapMax?: number;
  /** From the first connect until every stream had its first event; `burst` only. */
  allStarted?: number;
  /** How late requests were sent, by the load's own fault; `open` only. */
  late99?: number;
  /** Microseconds of CPU that the load itself used. */
  cpu: number;
}

/** A line that a load process prints. */
export type Message = { started: true } | { report: Report } | { problem: string };

/** The key that clients send; a proxy under test swaps it for the real one. */
export const clientKey = 'fk-bench-0123456789';

/** Room for the wish and for what tells a prompt from others. */
export const leastPrompt = 160;
