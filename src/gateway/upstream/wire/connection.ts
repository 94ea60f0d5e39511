import { ChunkedDecoder } from './chunked.ts';
import type { Deadlines, Watched } from './deadlines.ts';
import { WireFailure } from './failure.ts';
import { HeadText, parseHead, type ResponseHead } from './head.ts';
import { IncomingBody, type BodySource } from './incoming.ts';
import { Outgoing } from './outgoing.ts';
import type { Answer, Began, ClientWatch, Limits, RawHandler, Upgraded, WireSocket } from './types.ts';

/** Interim responses before the final one; RFC 9110 §15.2 sets no bound, so an upstream could send them for ever. */
const MAX_INTERIM = 100;
/** A body up to this many bytes is waited for, a moment, so that it leaves whole and keeps its Content-Length. */
const SMALL_BODY = 64 * 1024;
const SMALL_BODY_WAIT_MS = 10;

/** The least time in which a death after the request counts as "at once": loopback round trips are lost in the event loop's. ms */
const STALE_FLOOR_MS = 10;
/** A longer handshake was slow for other reasons. ms */
const MAX_ROUND_TRIP_MS = 250;

const enum Phase {
  Idle,
  Head,
  Body,
  Raw,
  Closed,
}

/** What a connection tells its owner, the pool. */
export interface ConnectionOwner {
  readonly deadlines: Deadlines;
  /** The exchange is over and the connection can serve another. */
  released(connection: Connection): void;
  closed(connection: Connection): void;
}

/** One connection to an upstream, serving one exchange at a time (HTTP/1.1, no pipelining). */
export class Connection implements BodySource, Watched, Upgraded {
  socket!: WireSocket;
  watchedAt = -1;
  /** True once it came out of the pool: only such a connection can be stale. */
  reused = false;
  /** How long the TCP handshake (or the proxy's answer to CONNECT) took: about one round trip. ms */
  roundTrip = 0;
  /** The number of its exchange: who holds on to an old one must let a later one alone. */
  exchange = 0;
  /** When it became idle, ms; and for how long it may stay so. */
  idleSince = 0;
  idleLimit = 0;

  private phase = Phase.Idle;
  private method = '';
  private limits: Limits = { firstByte: 0, idle: 0, total: 0 };
  private settle: { resolve(answer: Answer): void; reject(failure: WireFailure): void } | undefined;
  private head: ResponseHead | undefined;
  private headText: HeadText | undefined;
  private interims = 0;
  private body: IncomingBody | undefined;
  private decoder: ChunkedDecoder | undefined;
  private remaining = 0;
  private heldTimer: Timer | undefined;
  private readonly outgoing = new Outgoing();
  private upgrade = false;
  /** Bytes that belong to no exchange came, or may still come. */
  private spoiled = false;
  private paused = false;
  private gotFin = false;
  private gotBytes = false;
  private started = 0;
  /** Until it is watched: an exchange over within a tick never needs to be. */
  private client: ClientWatch | undefined;
  private progress = 0;
  private raw: RawHandler | undefined;
  private early: Buffer[] = [];

  constructor(private readonly owner: ConnectionOwner) {}

  /**
   * Starts an exchange.
   * @returns the answer once its head is here; rejects with {@link WireFailure}
   */
  begin({ method, started, client, upgrade }: Began, limits: Limits): Promise<Answer> {
    this.phase = Phase.Head;
    this.exchange++;
    this.method = method;
    this.upgrade = upgrade;
    this.limits = limits;
    this.gotBytes = false;
    this.interims = 0;
    this.started = started;
    this.client = client;
    this.progress = performance.now();
    this.outgoing.begin(this.progress);
    this.owner.deadlines.add(this);
    return new Promise((resolve, reject) => (this.settle = { resolve, reject }));
  }

  /**
   * Sends bytes of the request, after those that still wait.
   * @returns a promise when the upstream is full, resolved when it (or the connection) is through
   */
  send(bytes: Uint8Array): Promise<void> | undefined {
    if (this.phase === Phase.Closed) return undefined;
    this.progress = this.owner.deadlines.now;
    return this.outgoing.send(this.socket, bytes);
  }

  /** All of the request was handed to {@link send}: once it is out, the first-byte limit runs. */
  sent(): void {
    if (this.outgoing.finish()) this.progress = this.outgoing.writtenAt;
  }

  get open(): boolean {
    return this.phase !== Phase.Closed;
  }

  /** Ends the exchange and the connection. */
  abort(failure: WireFailure): void {
    if (this.phase === Phase.Closed) return;
    this.fail(failure);
    this.socket.terminate();
  }

  cancel(): void {
    this.abort(new WireFailure('aborted', 'the client left'));
  }

  pause(): void {
    this.paused = true;
    if (this.phase !== Phase.Closed) this.socket.pause();
  }

  resume(): void {
    this.paused = false;
    this.progress = this.owner.deadlines.now;
    if (this.phase !== Phase.Closed) this.socket.resume();
  }

  /** Hands all further bytes to `handler`, outside HTTP. */
  takeOver(handler: RawHandler): void {
    this.phase = Phase.Raw;
    this.raw = handler;
    this.exchange++;
    this.owner.deadlines.delete(this);
    for (const bytes of this.early.splice(0)) handler.data(bytes);
  }

  /** Gives the connection back to HTTP after {@link takeOver}. */
  handBack(): void {
    if (this.phase === Phase.Raw) this.phase = Phase.Idle;
    this.raw = undefined;
  }

  check(now: number): void {
    if (this.client) this.watchClient(this.client);
    const { firstByte, idle, total } = this.limits;
    if (total > 0 && now - this.started > total) return this.timeOut('total_timeout', total);
    if (this.paused) return;
    const silent = now - this.progress;
    const { sending, waiting } = this.outgoing;
    if (this.phase === Phase.Head && !sending) {
      if (firstByte > 0 && silent > firstByte) this.timeOut('first_byte_timeout', firstByte);
    } else if (idle > 0 && silent > idle && !(sending && !waiting)) {
      this.timeOut('idle_timeout', idle);
    }
  }

  private watchClient({ signal }: ClientWatch): void {
    this.client = undefined;
    if (signal.aborted) return this.cancel();
    const { exchange } = this;
    signal.addEventListener('abort', () => {
      // Later the connection serves somebody else.
      if (this.exchange === exchange) this.cancel();
    });
  }

  private timeOut(kind: 'first_byte_timeout' | 'idle_timeout' | 'total_timeout', limit: number): void {
    this.abort(new WireFailure(kind, `${limit / 1000} s`));
  }

  // What the socket says.

  onData(bytes: Buffer): void {
    this.progress = this.owner.deadlines.now;
    this.gotBytes = true;
    try {
      this.take(bytes);
    } catch (error) {
      this.abort(error instanceof WireFailure ? error : new WireFailure('invalid_response', String(error)));
    }
  }

  onDrain(): void {
    if (!this.outgoing.waiting) return;
    this.progress = this.owner.deadlines.now;
    if (this.outgoing.drain(this.socket)) this.progress = this.outgoing.writtenAt;
  }

  onEnd(): void {
    this.gotFin = true;
    // Out of the pool at once, though the close event comes later.
    if (this.phase === Phase.Idle) this.hangUp();
  }

  onClose(error: unknown): void {
    const closing = this.phase;
    if (closing === Phase.Closed) return;
    const framing = this.head?.framing.kind;
    if (closing === Phase.Body && framing === 'close' && this.gotFin && !error) {
      this.phase = Phase.Closed;
      this.complete();
      return this.drop();
    }
    if (closing === Phase.Head) {
      const stale = !this.gotBytes && (!this.outgoing.wrote || (this.reused && this.diedAtOnce()));
      this.fail(new WireFailure('disconnected', 'it closed the connection before it answered', stale));
    } else {
      this.fail(new WireFailure('truncated', 'it closed the connection in the middle of its answer'));
    }
  }

  /** Within about one round trip of the request: it was closed before the request came to the upstream. */
  private diedAtOnce(): boolean {
    const roundTrip = Math.min(this.roundTrip, MAX_ROUND_TRIP_MS);
    return performance.now() - this.outgoing.writtenAt <= Math.max(STALE_FLOOR_MS, 1.25 * roundTrip);
  }

  private take(bytes: Buffer): void {
    switch (this.phase) {
      case Phase.Head:
        if (!this.outgoing.wrote)
          throw new WireFailure('invalid_response', 'bytes that came before the request');
        return this.takeHead(bytes);
      case Phase.Body:
        return this.takeBody(bytes);
      case Phase.Raw:
        if (this.raw) this.raw.data(bytes);
        else this.early.push(bytes);
        return;
      case Phase.Idle:
        // Without a request there is no response: these bytes would be read as the next exchange's.
        return this.abort(new WireFailure('invalid_response', 'bytes that nobody asked for'));
    }
  }

  private takeHead(bytes: Buffer): void {
    let rest = bytes;
    do {
      this.headText ??= new HeadText();
      const text = this.headText.take(rest);
      if (text === undefined) return;
      ({ rest } = this.headText);
      this.headText = undefined;
      const head = parseHead(text, this.method);
      if (head.status >= 200 || head.status === 101) return this.startBody(head, rest);
      // Interim responses (100, 102, 103) come before the real one; Bun's server has no way to pass them on.
      if (++this.interims > MAX_INTERIM)
        throw new WireFailure('invalid_response', `more than ${MAX_INTERIM} interim responses`);
    } while (rest.length > 0);
  }

  private startBody(head: ResponseHead, rest: Buffer): void {
    if (head.status === 101 && !this.upgrade)
      throw new WireFailure('invalid_response', 'a switch of protocols that nobody asked for');
    this.head = head;
    this.body = new IncomingBody(this);
    if (head.status === 101) return this.switchProtocols(head, this.body, rest);
    this.phase = Phase.Body;
    const { framing } = head;
    if (framing.kind === 'chunked') this.decoder = new ChunkedDecoder();
    if (framing.kind === 'length') this.remaining = framing.length;
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)) {
      // Upstreams send a body behind such a head, against its word and at any later time: nothing else may follow here.
      this.spoiled = true;
      this.complete();
    } else if (rest.length > 0) {
      this.takeBody(rest);
    }
    if (this.phase !== Phase.Body) return;
    if (framing.kind === 'length' && framing.length <= SMALL_BODY) {
      this.heldTimer = setTimeout(() => this.answer(), SMALL_BODY_WAIT_MS);
    } else {
      this.answer();
    }
  }

  private switchProtocols(head: ResponseHead, body: IncomingBody, rest: Buffer): void {
    this.phase = Phase.Raw;
    this.owner.deadlines.delete(this);
    if (rest.length > 0) this.early.push(rest);
    const settle = this.settle;
    this.settle = undefined;
    settle?.resolve({ head, body, upgraded: this });
  }

  private takeBody(bytes: Buffer): void {
    const body = this.body!;
    const kind = this.head!.framing.kind;
    if (kind === 'chunked') {
      const decoder = this.decoder!;
      const used = decoder.feed(bytes, (piece) => body.push(piece));
      if (!decoder.done) return body.flush();
      this.spoiled = used < bytes.length;
      return this.complete();
    }
    if (kind === 'close') {
      body.push(bytes);
      return body.flush();
    }
    const mine = bytes.length > this.remaining ? bytes.subarray(0, this.remaining) : bytes;
    this.spoiled = mine.length < bytes.length;
    this.remaining -= mine.length;
    body.push(mine);
    if (this.remaining === 0) this.complete();
    else body.flush();
  }

  /** The answer's last byte is here. */
  private complete(): void {
    const head = this.head!;
    this.owner.deadlines.delete(this);
    this.body!.end();
    this.answer();
    this.head = this.body = this.decoder = undefined;
    if (this.phase === Phase.Closed) return;
    // With a request half out, the upstream would read the next one as its rest. RFC 9112 §9.3
    const reusable = head.keepAlive && !this.outgoing.sending && !this.spoiled;
    this.phase = Phase.Idle;
    if (!reusable) return this.hangUp();
    this.idleLimit = idleLimit(head.keepAliveSeconds);
    this.release();
  }

  private release(): void {
    if (this.paused) this.resume();
    this.owner.released(this);
  }

  private hangUp(): void {
    this.phase = Phase.Closed;
    this.drop();
    // An upstream that does not read the rest of the request would hold an orderly close up.
    if (this.outgoing.sending) this.socket.terminate();
    else this.socket.end();
  }

  /** Gives the answer to whoever began the exchange. */
  private answer(): void {
    if (this.heldTimer) clearTimeout(this.heldTimer);
    this.heldTimer = undefined;
    const settle = this.settle;
    this.settle = undefined;
    settle?.resolve({ head: this.head!, body: this.body!, upgraded: undefined });
  }

  private fail(failure: WireFailure): void {
    const { settle, body, raw } = this;
    this.phase = Phase.Closed;
    if (this.heldTimer) clearTimeout(this.heldTimer);
    this.settle = this.body = this.raw = undefined;
    this.drop();
    settle?.reject(failure);
    body?.fail(failure);
    raw?.close();
  }

  private drop(): void {
    this.owner.deadlines.delete(this);
    this.outgoing.wake();
    this.owner.closed(this);
  }
}

/**
 * How long an idle connection is kept, ms. A second less than the upstream's own limit, so that it rarely closes
 * under a request; 4 s when it did not say, since common servers close after 5.
 */
function idleLimit(keepAliveSeconds: number | undefined): number {
  if (keepAliveSeconds === undefined) return 4000;
  return Math.min(Math.max(keepAliveSeconds - 1, 0.5), 60) * 1000;
}
