import type { ResponseHead } from './head.ts';
import type { IncomingBody } from './incoming.ts';

/** Limits of one exchange in milliseconds; 0 is none. */
export interface Limits {
  readonly firstByte: number;
  readonly idle: number;
  readonly total: number;
}

/** Tells when the client leaves. The signal of a Bun request is costly to make: it is asked for late, or never. */
export interface ClientWatch {
  readonly signal: AbortSignal;
}

/** What a connection needs to know of an exchange. */
export interface Began {
  readonly method: string;
  readonly started: number;
  readonly client: ClientWatch;
  /** The request asks to leave HTTP: only then may the response be 101. */
  readonly upgrade: boolean;
}

/** An upstream's answer: the head, and the body as it comes. */
export interface Answer {
  readonly head: ResponseHead;
  readonly body: IncomingBody;
  /** The connection itself, after 101 Switching Protocols only. */
  readonly upgraded: Upgraded | undefined;
}

/** A connection that left HTTP. */
export interface Upgraded {
  readonly open: boolean;
  /** @returns a promise when the upstream is full, resolved when it has taken all */
  send(bytes: Uint8Array): Promise<void> | undefined;
  /** Hands all further bytes to `handler`. */
  takeOver(handler: RawHandler): void;
  pause(): void;
  resume(): void;
  /** Closes it at once. */
  cancel(): void;
}

/** What a connection needs of its socket; Bun's have it. */
export interface WireSocket {
  /** @returns how many bytes were taken; after less than all, `onDrain` tells when to go on */
  write(bytes: Uint8Array): number;
  end(): void;
  /** Closes at once, in the middle of whatever it is. */
  terminate(): void;
  pause(): void;
  resume(): void;
}

/** Takes over the bytes of a connection that left HTTP: a proxy's tunnel being opened, a WebSocket. */
export interface RawHandler {
  data(bytes: Buffer): void;
  close(): void;
}

/** Where connections lead, and through which proxy. */
export interface Origin {
  readonly protocol: 'http:' | 'https:';
  readonly hostname: string;
  readonly port: number;
  readonly proxy: Proxy | undefined;
}

/** An http(s) proxy. `authorization` is the whole value of `Proxy-Authorization`: a secret. */
export interface Proxy {
  readonly protocol: 'http:' | 'https:';
  readonly hostname: string;
  readonly port: number;
  readonly authorization: string | undefined;
}
