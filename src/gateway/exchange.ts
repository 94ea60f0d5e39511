import type { RequestBody } from './body.ts';
import type { Credentials } from './admit/keys.ts';
import type { Ticket } from './limits/ticket.ts';
import type { Upstream } from './upstream/upstreams.ts';
import type { SocketHandlers } from './websocket/relay.ts';
import type { Handshake } from './websocket/upgrade.ts';

/** What the gateway needs to know of the server around it. */
export interface Edge {
  /** The address at the other end of the request's socket. */
  addressOf(request: Request): string;
  /** Turns the client's request into a WebSocket that `handlers` serves; false when it can't be. */
  upgrade(request: Request, headers: Headers, handlers: SocketHandlers): boolean;
}

/** One request's record: each stage reads what those before it found, and adds its own. */
export interface Exchange {
  readonly request: Request;
  readonly edge: Edge;
  readonly method: string;
  /** Path and query as they were asked for, from the first `/`. */
  readonly path: string;
  upstream: Upstream;
  /** Path and query as they go upstream. */
  upstreamPath: string;
  credentials: Credentials;
  body: RequestBody;
  /** Our handshake with the upstream, when the client asks for a WebSocket. */
  readonly handshake: Handshake | undefined;
  /** Its limits; undefined when none is set. */
  ticket: Ticket | undefined;
  /** When it came in, ms on the clock of `performance.now()`. */
  readonly started: number;
  /** Attempts made upstream. */
  attempts: number;
}
