import type { Purpose } from '../openai/family.ts';
import type { ReadJson } from '../openai/passing.ts';
import type { PricedApart } from '../openai/usage/usage-counts.ts';
import type { SpanContext } from './span-context.ts';

/** What the cache had to do with an answer. */
export type CacheUse =
  /** It was kept. */
  | 'hit'
  /** It was kept, and stands in for an upstream that failed. */
  | 'stale'
  /** It is another's answer, which was still coming. */
  | 'collapsed'
  /** It was asked for, and is kept where it can be. */
  | 'miss'
  /** The request was not to be answered from the cache. */
  | 'bypass';

/** How an exchange ended. */
export type End =
  /** The answer went out whole, whatever its status. */
  | 'whole'
  /** The answer went out whole, with a success's status, but the upstream says in it that it failed. */
  | 'errored'
  /** aifd refused the request. */
  | 'refused'
  /** The upstream gave no answer. */
  | 'failed'
  /** The upstream's answer broke off. */
  | 'cut'
  /** The client left before the end. */
  | 'left'
  /** aifd had to stop before the end. */
  | 'stopped';

/** Tokens as the answer reports them, else as they were estimated from what came. */
export interface Tokens {
  readonly input: number | undefined;
  readonly output: number | undefined;
  /** Of `input`, those the upstream had cached. */
  readonly cached: number | undefined;
  /** Of `output`, those that were thought and not said. */
  readonly reasoning: number | undefined;
  /** False: `output` is an estimate. */
  readonly reported: boolean;
  readonly priced?: PricedApart | undefined;
  /** Seconds of sound, where the upstream bills those and not tokens. */
  readonly seconds?: number | undefined;
}

/** An answer as it went out. */
export interface RecordedAnswer {
  readonly contentType: string;
  /** The codings the body is in still, as `Content-Encoding` names them; empty when none. */
  readonly encoding: string;
  readonly body: Uint8Array;
  /** False when it was cut, or too large to be held. */
  readonly whole: boolean;
}

/**
 * What became of one request: what logs, usage, metrics and traces are made of. `at` is in ms since the epoch, other times
 * in ms with fractions.
 */
export interface Happening {
  /** The request id as the client got it. */
  readonly id: string;
  readonly at: number;
  readonly method: string;
  /** As asked for, without the query: a key may be in that. */
  readonly path: string;
  /** The path without what makes it one of many: few values, for labels. */
  readonly route: string;
  readonly family: Purpose;
  /** The target's route prefix; empty when the request was refused before one was found. */
  readonly prefix: string;
  /** The target's name; empty as above. */
  readonly target: string;
  /** As limits count it: `k:` and a digest, or `a:` and an address; empty when it was refused before. */
  readonly user: string;
  readonly address: string;
  /** What the request asked for; empty when it named none or was not read. */
  readonly model: string;
  readonly stream: boolean;
  /** The answer came as a stream of events, whatever was asked for. */
  readonly streamed?: boolean;
  readonly status: number;
  readonly end: End;
  /** Of aifd's own refusal or failure. */
  readonly code: string | undefined;
  /** Until the last byte was handed over. */
  readonly durationMs: number;
  /** Until the first byte of the body was. */
  readonly firstByteMs: number | undefined;
  /** What was spent waiting for the upstream's head, in all attempts. */
  readonly upstreamMs: number | undefined;
  /** What was spent waiting for a place. */
  readonly queueMs: number;
  /** What aifd added before the upstream was asked and after its head came. */
  readonly overheadMs: number;
  /** Attempts upstream; 0 when it was not asked. */
  readonly attempts: number;
  readonly cache: CacheUse | undefined;
  readonly usage: Tokens | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The bodies, where some sink wants them. */
  readonly request: Uint8Array | undefined;
  readonly answer: RecordedAnswer | undefined;
  /** The fields of a form that was not held. */
  readonly form?: ReadonlyMap<string, unknown> | undefined;
  /** The request's body as JSON, where it was read so. */
  readonly json?: ReadJson | undefined;
  /** The request's body was too long to be held. */
  readonly truncated?: boolean;
  /** The number of a turn on its WebSocket, from 1; its `method` is POST, as for the same request over HTTP. */
  readonly turn?: number | undefined;
  /** Turns that a WebSocket had, in what is told at its end. */
  readonly turns?: number | undefined;
  /** As it came (W3C Trace Context). */
  readonly traceparent: string | undefined;
  /** Its span, where traces are on. */
  readonly span?: SpanContext | undefined;
}

/** What counters need of an exchange. */
export type Outcome = Pick<
  Happening,
  'status' | 'end' | 'cache' | 'usage' | 'durationMs' | 'user' | 'target'
>;

/** An answer that is about to go out. */
export interface Beginning extends Pick<Happening, 'id' | 'family' | 'method' | 'request'> {
  readonly contentType: string;
  /** As `Content-Encoding` names it; empty when there is none. */
  readonly encoding: string;
}

/** What is told of each exchange after its end. */
export interface Sink {
  /** True while it makes do with {@link Sink.counted}: for it alone no body is read. */
  onlyCounts?(): boolean;
  /** Told of an answer's end instead of by `happened`, while all sinks only count. `usage` is not known then. */
  counted?(outcome: Outcome): void;
  /** It has a use for the client's address: that must be asked for while the client is there. */
  readonly wantsAddress?: true;
  /** Whether it wants the bodies of such exchanges. */
  wantsBodies?(family: Purpose): boolean;
  /** A request has come in, of which will be told. */
  begun?(): void;
  /**
   * An answer begins.
   *
   * @returns what is given its body as it passes, views that are gone afterwards; `happened` ends it. Undefined: nothing is
   */
  answering?(beginning: Beginning): { chunk(piece: Uint8Array): void } | undefined;
  /** Called in a turn of its own. Must not throw; what takes long it queues, and not without bound. */
  happened(happening: Happening): void;
  /** Writes what is not written yet. */
  close?(): Promise<void>;
}
