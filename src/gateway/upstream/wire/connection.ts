import { ChunkedDecoder } from './chunked.ts';
import type { Watched } from './deadlines.ts';
import { WireFailure } from './failure.ts';
import { parseHead, type ResponseHead } from './head.ts';
import { IncomingBody, type BodySource } from './incoming.ts';
import type { Answer, Began, ClientWatch, ConnectionOwner, Limits, RawHandler, WireSocket } from './types.ts';

/** A head longer than this is no head. Bytes. */
const MAX_HEAD = 128 * 1024;
/** A body up to this many bytes is waited for, a moment, so that it leaves whole and keeps its Content-Length. */
const SMALL_BODY = 64 * 1024;
const SMALL_BODY_WAIT_MS = 10;

const enum Phase {
  Idle,
  Head,
  Body,
  Raw,
  Closed,
}

/** One connection to an upstream, serving one exchange at a time (HTTP/1.1, no pipelining). */
export class Connection implements BodySource, Watched {
  socket!: WireSocket;
  watchedAt = -1;
  /** True once it has served an exchange: only such a connection can be found dead in the pool. */
  reused = false;
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
  private headBytes: Buffer | undefined;
  private body: IncomingBody | undefined;
  private decoder: ChunkedDecoder | undefined;
  private remaining = 0;
  private heldTimer: Timer | undefined;
  private sending = false;
  private unsent: Uint8Array | undefined;
  private drained: (() => void) | undefined;
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
  begin({ method, started, client }: Began, limits: Limits): Promise<Answer> {
    this.phase = Phase.Head;
    this.exchange++;
    this.method = method;
    this.limits = limits;
    this.sending = true;
    this.gotBytes = false;
    this.started = started;
    this.client = client;
    this.progress = performance.now();
    this.owner.deadlines.add(this);
    return new Promise((resolve, reject) => (this.settle = { resolve, reject }));
  }

  /** Sends bytes of the request; a promise when the upstream is full, resolved when it (or the connection) is through. */
  send(bytes: Uint8Array): Promise<void> | undefined {
    if (this.phase === Phase.Closed) return undefined;
    const written = Math.max(0, this.socket.write(bytes));
    this.progress = this.owner.deadlines.now;
    if (written >= bytes.length) return undefined;
    this.unsent = bytes.subarray(written);
    return new Promise((resolve) => (this.drained = resolve));
  }

  /** The request is out, whole: from here the first-byte limit runs. */
  sent(): void {
    this.sending = false;
    this.progress = performance.now();
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
    this.phase = Phase.Idle;
    this.raw = undefined;
  }

  check(now: number): void {
    if (this.client) this.watchClient(this.client);
    const { firstByte, idle, total } = this.limits;
    if (total > 0 && now - this.started > total) return this.timeOut('total_timeout', total);
    if (this.paused) return;
    const silent = now - this.progress;
    if (this.phase === Phase.Head && !this.sending) {
      if (firstByte > 0 && silent > firstByte) this.timeOut('first_byte_timeout', firstByte);
    } else if (idle > 0 && silent > idle && !(this.sending && this.drained === undefined)) {
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
    if (!this.unsent) return;
    const rest = this.unsent;
    const written = Math.max(0, this.socket.write(rest));
    this.progress = this.owner.deadlines.now;
    this.unsent = written < rest.length ? rest.subarray(written) : undefined;
    if (!this.unsent) this.wakeSender();
  }

  onEnd(): void {
    this.gotFin = true;
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
      const stale = this.reused && !this.gotBytes;
      this.fail(new WireFailure('disconnected', 'it closed the connection before it answered', stale));
    } else {
      this.fail(new WireFailure('truncated', 'it closed the connection in the middle of its answer'));
    }
  }

  private take(bytes: Buffer): void {
    switch (this.phase) {
      case Phase.Head:
        return this.takeHead(bytes);
      case Phase.Body:
        return this.takeBody(bytes);
      case Phase.Raw:
        if (this.raw) this.raw.data(bytes);
        else this.early.push(bytes);
        return;
      case Phase.Idle:
        // Nobody asked: what comes on an idle connection can only poison the next exchange.
        return this.abort(new WireFailure('invalid_response', 'bytes that nobody asked for'));
    }
  }

  private takeHead(bytes: Buffer): void {
    const all = this.headBytes ? Buffer.concat([this.headBytes, bytes]) : bytes;
    const end = all.indexOf('\r\n\r\n');
    if (end < 0) {
      if (all.length > MAX_HEAD) throw new WireFailure('invalid_response', 'a response head without an end');
      this.headBytes = all;
      return;
    }
    this.headBytes = undefined;
    const head = parseHead(all.toString('latin1', 0, end), this.method);
    const rest = all.subarray(end + 4);
    // Interim answers (100, 102, 103) come before the real one; Bun's server has no way to pass them on.
    if (head.status < 200 && head.status !== 101) return rest.length > 0 ? this.takeHead(rest) : undefined;
    this.startBody(head, rest);
  }

  private startBody(head: ResponseHead, rest: Buffer): void {
    this.head = head;
    this.body = new IncomingBody(this);
    if (head.status === 101) return this.switchProtocols(head, this.body, rest);
    this.phase = Phase.Body;
    const { framing } = head;
    if (framing.kind === 'chunked') this.decoder = new ChunkedDecoder();
    if (framing.kind === 'length') this.remaining = framing.length;
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)) {
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
      if (used < bytes.length) this.head = { ...this.head!, keepAlive: false };
      return this.complete();
    }
    if (kind === 'close') {
      body.push(bytes);
      return body.flush();
    }
    const mine = bytes.length > this.remaining ? bytes.subarray(0, this.remaining) : bytes;
    if (mine.length < bytes.length) this.head = { ...this.head!, keepAlive: false };
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
    // An answer before the request was out whole: the rest of the request would be read as the next one.
    const reusable = head.keepAlive && !this.sending;
    this.phase = Phase.Idle;
    if (!reusable) return this.hangUp();
    this.idleLimit = idleLimit(head.keepAliveSeconds);
    this.release();
  }

  private release(): void {
    this.reused = true;
    if (this.paused) this.resume();
    this.owner.released(this);
  }

  private hangUp(): void {
    this.phase = Phase.Closed;
    this.drop();
    this.socket.end();
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
    this.wakeSender();
    this.owner.closed(this);
  }

  private wakeSender(): void {
    const wake = this.drained;
    this.drained = undefined;
    wake?.();
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
