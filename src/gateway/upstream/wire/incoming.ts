import type { WireFailure } from './failure.ts';

/**
 * What may listen to a response body as it passes (usage, chat log, cache write). A piece is a view on memory that nobody writes
 * to again, so it may be kept.
 */
export interface BodyListener {
  chunk(piece: Uint8Array): void;
  /** Called once: with the failure that cut the body short, or undefined after its true end. */
  end(failure: WireFailure | undefined): void;
}

/** The connection behind a body, as the body sees it. */
export interface BodySource {
  pause(): void;
  resume(): void;
  /** The client left: let the upstream go. */
  cancel(): void;
}

/** Where a body goes: Bun's controller of a `type: 'direct'` stream (its types say less than it does), or a pacer. */
export interface BodySink {
  /** A promise when it is full: it resolves once there is room again. */
  write(piece: Uint8Array): number | void | Promise<unknown>;
  flush(): unknown;
  end(): void;
  /** The body was cut short. */
  close(error: Error): void;
}

/** The client's connection, told while a stream goes to it: silence is then no reason to close it. */
export interface StreamingTo {
  begins(): void;
  /** Bytes wait for a client that reads none. Until {@link StreamingTo.begins} is called again that is limited. */
  stalls(): void;
  /** Called before the stream is closed. */
  ends(): void;
}

/** Held for a client that has not started to read, before the upstream is told to wait. Bytes. */
const HIGH_WATER = 64 * 1024;

/**
 * A response body on its way from the upstream's socket to the client's: pushed by the one, written to the other as
 * it comes, and the upstream is held back while the client is full. A direct stream is the cheapest way through Bun;
 * it has back-pressure only because {@link IncomingBody.push} minds the promise that `write` gives.
 */
export class IncomingBody {
  private readonly listeners: BodyListener[] = [];
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  private sink: BodySink | undefined;
  private client: StreamingTo | undefined;
  private finishPull: (() => void) | undefined;
  private stalled = false;
  private ended = false;
  private failure: WireFailure | undefined;

  constructor(private readonly source: BodySource) {}

  /** Lets `listener` hear the body from its start. To be called before the body is streamed. */
  listen(listener: BodyListener): void {
    this.listeners.push(listener);
    for (const piece of this.waiting) listener.chunk(piece);
    if (this.ended || this.failure) listener.end(this.failure);
  }

  /** The upstream sent a piece. */
  push(piece: Uint8Array): void {
    for (const listener of this.listeners) listener.chunk(piece);
    if (this.sink) return this.write(this.sink, piece);
    this.waiting.push(piece);
    this.waitingBytes += piece.length;
    if (this.waitingBytes > HIGH_WATER && !this.stalled) {
      this.stalled = true;
      this.source.pause();
    }
  }

  /** All pieces of one read were pushed: let them leave now. */
  flush(): void {
    this.sink?.flush();
  }

  /** The body is whole. */
  end(): void {
    this.ended = true;
    for (const listener of this.listeners) listener.end(undefined);
    if (this.sink) this.finish(this.sink);
  }

  /** The body was cut short: the client's connection is reset, so that it can tell. */
  fail(failure: WireFailure): void {
    if (this.ended || this.failure) return;
    this.failure = failure;
    for (const listener of this.listeners) listener.end(failure);
    if (this.sink) this.finish(this.sink);
  }

  /** The body as one buffer when it is all here already. */
  whole(): Uint8Array | undefined {
    if (!this.ended) return undefined;
    return this.waiting.length === 1 ? this.waiting[0] : Buffer.concat(this.waiting);
  }

  /** Nobody wants the rest: lets the upstream go. */
  discard(): void {
    if (!this.ended && !this.failure) this.source.cancel();
  }

  /**
   * The body as a stream for a `Response`. Call once.
   * @param chunked - it had no length: it gets none, though all of it be here already
   * @param client - the connection that the stream goes to
   */
  stream(chunked: boolean, client?: StreamingTo): ReadableStream<Uint8Array> {
    const source = {
      type: 'direct' as const,
      pull: (controller: unknown) => {
        client?.begins();
        this.client = client;
        return this.pipe(controller as BodySink, chunked);
      },
      cancel: () => this.discard(),
    };
    return new ReadableStream(source as unknown as Bun.DirectUnderlyingSource<Uint8Array>);
  }

  /**
   * Gives the body to `sink`, what waits and what comes. Call once, instead of {@link IncomingBody.stream}; whoever
   * pipes also discards, when nobody wants the rest.
   * @param chunked - as for {@link IncomingBody.stream}
   * @returns a promise of the body's end, undefined when it has ended already
   */
  pipe(sink: BodySink, chunked = false): Promise<void> | undefined {
    this.sink = sink;
    const held = this.stalled;
    this.stalled = false;
    for (const piece of this.waiting) this.write(sink, piece);
    this.waiting = [];
    const over = this.ended || this.failure !== undefined;
    // Bun gives a Content-Length to what ends before its first flush.
    if (this.waitingBytes > 0 && (chunked || !over)) sink.flush();
    if (over) return void this.finish(sink);
    const finished = new Promise<void>((resolve) => (this.finishPull = resolve));
    // Last: a source may end in this very call.
    if (held && !this.stalled) this.source.resume();
    return finished;
  }

  private write(sink: BodySink, piece: Uint8Array): void {
    const written = sink.write(piece);
    if (typeof written !== 'object' || this.stalled) return;
    this.stalled = true;
    this.client?.stalls();
    // As in unstall: what waited is written after the end too.
    if (!this.ended && !this.failure) this.source.pause();
    written.then(
      () => this.unstall(),
      () => this.discard(),
    );
  }

  private unstall(): void {
    this.stalled = false;
    if (this.sink) this.client?.begins();
    // After the end the connection may serve somebody else already.
    if (!this.ended && !this.failure) this.source.resume();
  }

  private finish(sink: BodySink): void {
    this.sink = undefined;
    this.client?.ends();
    // An AbortError makes Bun reset the connection; a clean end would pass a cut answer off as whole.
    if (this.failure) sink.close(new DOMException(this.failure.message, 'AbortError'));
    else sink.end();
    this.finishPull?.();
  }
}
