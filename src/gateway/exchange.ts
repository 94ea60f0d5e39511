import type { RequestBody } from './body.ts';
import type { Credentials } from './admit/keys.ts';
import type { Destination } from './destination.ts';
import type { Family } from './cache/replay/family.ts';
import type { Ticket } from './limits/ticket.ts';
import type { RequestReading } from './reading.ts';
import type { Passing } from './record/passing.ts';
import type { SpanContext } from './record/traces/span-context.ts';
import type { ClientWatch } from './upstream/wire/types.ts';
import type { SocketHandlers } from './websocket/relay.ts';
import type { Handshake } from './websocket/upgrade.ts';

/** What the gateway needs to know of the server around it. */
export interface Edge {
  /** The address at the other end of the request's socket. */
  addressOf(request: Request): string;
  /** Lifts the idle limit of the request's connection: its answer may take any time between two bytes. */
  liftIdleLimit(request: Request): void;
  /** Limits how long the client may read nothing while bytes wait for it, until the limit is lifted again. */
  limitStall(request: Request): void;
  /** Restores that limit. Has no effect once the answer has ended, so call it before. */
  restoreIdleLimit(request: Request): void;
  /** Turns the client's request into a WebSocket that `handlers` serves; false when it can't be. */
  upgrade(request: Request, headers: Headers, handlers: SocketHandlers): boolean;
}

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

/** One response over a WebSocket: it passes the limits and the records like a request of its own. */
export interface Turn {
  /** Its number on its connection, from 1. */
  readonly number: number;
  /** The handshake was counted for it: request rules do not count it again. */
  readonly isPaid: boolean;
  /** The upstream began it by itself: it can't be refused and waits for nothing, but is counted. */
  readonly isBegun: boolean;
  /** Tokens of the conversation that the model reads besides the event's own input. */
  readonly contextTokens: number;
}

/** One request's record: each stage reads what those before it found, and adds its own. */
export interface Exchange {
  readonly request: Request;
  readonly edge: Edge;
  readonly method: string;
  readonly destination: Destination;
  credentials: Credentials;
  body: RequestBody;
  /** What a held body says, once something asked for it: see `readingOf`. */
  reading: RequestReading | undefined;
  /** What is read of a body that is not held, where somebody wants to know. */
  passing: Passing | undefined;
  /** Our handshake with the upstream, when the client asks for a WebSocket. */
  readonly handshake: Handshake | undefined;
  /** For whom the upstream is asked: usually the request alone. */
  client: ClientWatch;
  /** Whom the request is counted for, once somebody asked. */
  user: string | undefined;
  /** What a cached route's answers look like; undefined where the route is not cached. */
  family: Family | undefined;
  /** The body's own word on whether to use the cache. */
  caching: boolean | undefined;
  cache: CacheUse | undefined;
  /** Set where it is a turn of a WebSocket. */
  readonly turn?: Turn;
  /** Its limits; undefined when none is set. */
  ticket: Ticket | undefined;
  /** When it came in, ms on the clock of `performance.now()`. */
  readonly started: number;
  /** Its span, where traces are on. */
  span: SpanContext | undefined;
  /** When the upstream was asked first, and when its head came, on the same clock. */
  asked: number | undefined;
  headed: number | undefined;
  /** How long it waited for a place, ms. */
  queuedMs: number;
  /** Attempts made upstream. */
  attempts: number;
}
