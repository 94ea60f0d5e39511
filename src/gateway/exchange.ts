import type { RequestBody } from './body.ts';
import type { Credentials } from './admit/keys.ts';
import type { Upstream } from './upstream/upstreams.ts';

/** What the gateway needs to know of the server around it. */
export interface Edge {
  /** The address at the other end of the request's socket. */
  addressOf(request: Request): string;
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
  /** Attempts made upstream. */
  attempts: number;
}
