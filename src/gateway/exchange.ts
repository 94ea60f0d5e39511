import type { ServerWebSocket } from 'bun';
import type { CacheUse } from '../record/happening.ts';
import type { RequestBody } from './body.ts';
import type { Credentials } from './admit/keys.ts';
import type { Destination } from './destination.ts';
import type { Family } from '../openai/family.ts';
import type { RequestReading } from '../openai/reading.ts';
import type { Passing } from '../openai/passing.ts';
import type { SpanContext } from '../record/span-context.ts';
import type { WireFailure } from './upstream/wire/failure.ts';
import type { Answer, ClientWatch } from './upstream/wire/types.ts';
import type { Handshake } from './upstream/handshake.ts';

/** What aifd's server calls for a client's WebSocket: it is the socket's `data`. */
export interface SocketHandlers {
  open(client: ServerWebSocket<unknown>): void;
  message(client: ServerWebSocket<unknown>, message: string | Buffer): void;
  drain(client: ServerWebSocket<unknown>): void;
  close(client: ServerWebSocket<unknown>, code: number, reason: string): void;
}

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

/** What one exchange was counted for, and what it owes: see `limits/ticket.ts`. */
export interface Ticket {
  /** Header fields of the answer, once the exchange has passed. */
  readonly headers: readonly [string, string][];
  /** Milliseconds between the events of a stream; 0 is unpaced. */
  readonly paceMs: number;
  /** How large a JSON body, and a form, is to be read whole; undefined for the usual. Bytes. */
  readonly wholeBody: number | undefined;
  readonly wholeForm: number | undefined;
  enter(): Response | undefined | Promise<Response | undefined>;
  takePlace(client: ClientWatch): WireFailure | undefined | Promise<WireFailure | undefined>;
  answered(answer: Answer): void;
  spared(): void;
  giveBack(): void;
  ended(failure?: WireFailure): void;
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
