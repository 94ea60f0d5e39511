import { Broadcast } from '../../src/gateway/cache/broadcast.ts';
import { WireFailure } from '../../src/gateway/upstream/wire/failure.ts';
import { IncomingBody, type BodySink, type BodySource } from '../../src/gateway/upstream/wire/incoming.ts';

/** An upstream's connection, as a body sees it: says what was asked of it, and fails the body when let go. */
export class Source implements BodySource {
  readonly body = new IncomingBody(this);
  paused = false;
  cancelled = 0;
  /** All that was sent. */
  readonly sent: Buffer[] = [];
  /** Where each read goes, if it is used again: whoever has the body piped to it must copy. */
  buffer: Buffer | undefined;

  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
  }
  cancel(): void {
    this.cancelled++;
    this.body.fail(new WireFailure('aborted', 'the client left'));
  }

  /** One read, in so many pieces. */
  read(...pieces: (string | Uint8Array)[]): void {
    for (const given of pieces) {
      const piece = Buffer.from(given as string);
      this.sent.push(piece);
      if (!this.buffer) {
        this.body.push(piece);
        continue;
      }
      if (piece.length > this.buffer.length) this.buffer = Buffer.alloc(piece.length);
      this.buffer.set(piece);
      this.body.push(this.buffer.subarray(0, piece.length));
      this.buffer.fill(0xff);
    }
    this.body.flush();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.sent);
  }
}

/** A client's stream: takes all at once, unless it is full. */
export class Sink implements BodySink {
  readonly got: Buffer[] = [];
  /** What had come at each flush. */
  readonly flushes: string[] = [];
  state: 'open' | 'ended' | 'cut' = 'open';
  full = false;
  private room: PromiseWithResolvers<void> | undefined;

  constructor(readonly body: IncomingBody) {}

  /** Starts to read. */
  start(chunked = true): this {
    void this.body.pipe(this, chunked);
    return this;
  }

  write(piece: Uint8Array): Promise<void> | number {
    if (this.state !== 'open') throw new Error(`written to after it was ${this.state}`);
    this.got.push(Buffer.from(piece));
    if (!this.full) return piece.length;
    this.room ??= Promise.withResolvers<void>();
    return this.room.promise;
  }
  flush(): void {
    this.flushes.push(this.text);
  }
  end(): void {
    this.over('ended');
  }
  close(): void {
    this.over('cut');
  }

  /** Takes what waits for it, and from now on what comes. */
  drain(): void {
    this.full = false;
    this.room?.resolve();
    this.room = undefined;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.got);
  }
  get text(): string {
    return this.bytes.toString();
  }
  get length(): number {
    return this.got.reduce((sum, piece) => sum + piece.length, 0);
  }

  private over(state: 'ended' | 'cut'): void {
    if (this.state !== 'open') throw new Error(`${state} after it was ${this.state}`);
    this.state = state;
  }
}

/** A broadcast, its upstream, and what its owner was told. */
export function broadcasting(mostKept = 1000) {
  const source = new Source();
  source.buffer = Buffer.alloc(64);
  const told = { full: 0, deserted: 0, ends: [] as { whole?: string; failure?: string }[] };
  const broadcast = new Broadcast(mostKept, {
    onFull: () => told.full++,
    onEnd: (whole, failure) =>
      told.ends.push({ whole: whole && Buffer.from(whole).toString(), failure: failure?.kind }),
    onDeserted: () => {
      told.deserted++;
      source.body.discard();
    },
  });
  broadcast.feed(source.body);
  return { source, broadcast, told, join: (): Sink => new Sink(broadcast.join()) };
}

/** All that was set off by now has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
