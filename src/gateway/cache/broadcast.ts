import { WireFailure } from '../upstream/wire/failure.ts';
import { IncomingBody, type BodySink, type BodySource } from '../upstream/wire/incoming.ts';
import { Tape } from './tape.ts';

/** What a {@link Broadcast} tells its owner. */
export interface BroadcastOwner {
  /** It grew over what is kept: from now on nobody can join. */
  onFull(): void;
  /**
   * The upstream's end, told once, behind the end of all readers that kept up.
   * @param whole - the body, unless it was cut short or is larger than what is kept
   */
  onEnd(whole: Uint8Array | undefined, failure: WireFailure | undefined): void;
  /** The last reader left before the end: nobody wants the rest. Told once, and then no end is told. */
  onDeserted(): void;
}

const MiB = 2 ** 20;
/** How far behind the slowest reader may be in a body that is too large to be kept. Bytes. */
const MOST_WINDOW = MiB;
const LEAST_WINDOW = 64 * 1024;

/**
 * One body of an upstream for many readers, each from its start and at its own speed. Up to `mostKept` bytes are kept
 * whole, so that late readers find all of it and slow ones hold back nobody. Beyond that only what some reader has
 * still to get is kept; when that is more than a window the upstream is held back until the slowest goes on. Nothing is
 * lost and nobody is cut.
 */
export class Broadcast implements BodySink {
  private readonly readers = new Set<Reader>();
  private readonly window: number;
  /** A copy, shared by all readers. */
  private readonly tape = new Tape();
  private room: PromiseWithResolvers<void> | undefined;
  private full = false;
  private over = false;
  private failure: WireFailure | undefined;

  /** @param mostKept - bytes that are kept whole */
  constructor(
    private readonly mostKept: number,
    private readonly owner: BroadcastOwner,
  ) {
    this.window = Math.max(LEAST_WINDOW, Math.min(mostKept, MOST_WINDOW));
  }

  /** All of the body so far is here, and more may come. */
  get canJoin(): boolean {
    return !this.full && !this.over;
  }

  /** Bytes held for readers and for the record. */
  get heldBytes(): number {
    return this.tape.heldBytes;
  }

  /** Takes the body of `upstream`, which nobody has streamed yet. Those who joined before get it too. */
  feed(upstream: IncomingBody): void {
    upstream.listen({
      chunk() {},
      // A sink hears of a failure as an AbortError only.
      end: (failure) => (this.failure = failure),
    });
    void upstream.pipe(this, true);
  }

  /**
   * A reader's own body: what came, then what comes. Only while {@link Broadcast.canJoin}; to be streamed or discarded.
   * @param onLeft - told when it was discarded before its end
   */
  join(onLeft?: () => void): IncomingBody {
    if (!this.canJoin) throw new Error('what came first is gone');
    const reader = new Reader(this, onLeft);
    this.readers.add(reader);
    this.serve(reader);
    return reader.body;
  }

  // The upstream's side.

  write(piece: Uint8Array): Promise<void> | undefined {
    if (this.over || piece.length === 0) return undefined;
    const { tape } = this;
    const before = tape.end;
    // The piece is a view on a read; a copy costs less than to keep the read alive for it.
    const copy = tape.append(piece);
    if (!this.full && tape.end > this.mostKept) {
      this.full = true;
      this.owner.onFull();
    }
    for (const reader of this.readers) {
      if (reader.next === before) this.give(reader, copy);
      else this.serve(reader);
    }
    if (!this.full) return undefined;
    this.letGo();
    if (tape.heldBytes <= this.window) return undefined;
    this.room ??= Promise.withResolvers<void>();
    return this.room.promise;
  }

  flush(): void {
    for (const reader of this.readers) reader.flush();
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    // Before the readers end: what they got may be let go then.
    const whole = this.full ? undefined : this.tape.whole();
    for (const reader of this.readers) this.finish(reader);
    this.letGo();
    this.owner.onEnd(whole, undefined);
  }

  close(error: Error): void {
    if (this.over) return;
    this.over = true;
    this.failure ??= new WireFailure('truncated', error.message);
    for (const reader of this.readers) this.finish(reader);
    this.letGo();
    this.owner.onEnd(undefined, this.failure);
  }

  // The readers' side.

  /** The reader has room again. */
  goOn(reader: Reader): void {
    if (!this.readers.has(reader)) return;
    this.serve(reader);
    reader.flush();
    if (this.over) this.finish(reader);
    this.letGo();
  }

  /** The reader wants no more, or can't take it. */
  leave(reader: Reader, failure = new WireFailure('aborted', 'the client left')): void {
    if (!this.readers.delete(reader)) return;
    reader.cut(failure);
    reader.onLeft?.();
    if (this.over || this.readers.size > 0) return this.letGo();
    this.over = true;
    this.letGo();
    this.owner.onDeserted();
  }

  /** Gives the reader what it has not got, as far as it takes it. */
  private serve(reader: Reader): void {
    while (reader.next < this.tape.end && !reader.paused) this.give(reader, this.tape.from(reader.next));
  }

  /** Gives the reader, if it takes any, what comes next for it. */
  private give(reader: Reader, piece: Uint8Array): void {
    if (reader.paused) return;
    reader.next += piece.length;
    try {
      reader.body.push(piece);
    } catch (error) {
      // Whatever listens to this one must not break it for the others.
      this.leave(reader, new WireFailure('invalid_response', String(error)));
    }
  }

  /** Ends the reader, or cuts it, once it got all that came. */
  private finish(reader: Reader): void {
    if (reader.next < this.tape.end || !this.readers.delete(reader)) return;
    if (this.failure) reader.cut(this.failure);
    else reader.end();
  }

  /** Lets go what every reader got, where nobody can join any more, and the upstream go on if there is room then. */
  private letGo(): void {
    if (this.canJoin) return;
    let slowest = this.tape.end;
    for (const { next } of this.readers) if (next < slowest) slowest = next;
    this.tape.release(slowest);
    if (this.tape.heldBytes > this.window) return;
    this.room?.resolve();
    this.room = undefined;
  }
}

/** One reader's place in a broadcast: the source behind its body. */
class Reader implements BodySource {
  readonly body = new IncomingBody(this);
  /** The position of the byte that it gets next. */
  next = 0;
  paused = false;
  private flushed = 0;

  constructor(
    private readonly broadcast: Broadcast,
    readonly onLeft: (() => void) | undefined,
  ) {}

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    // Not at once: the body resumes in the middle of being piped, and must not end there.
    queueMicrotask(() => this.broadcast.goOn(this));
  }

  cancel(): void {
    this.broadcast.leave(this);
  }

  /** What it got since the last time may leave now. */
  flush(): void {
    if (this.flushed === this.next) return;
    this.flushed = this.next;
    unbroken(() => this.body.flush());
  }

  end(): void {
    unbroken(() => this.body.end());
  }

  cut(failure: WireFailure): void {
    unbroken(() => this.body.fail(failure));
  }
}

/** As in {@link Broadcast.serve}; at its end there is nothing left to cut. */
function unbroken(act: () => void): void {
  try {
    act();
  } catch {}
}

const wholeSource: BodySource = { pause() {}, resume() {}, cancel() {} };

/** A body that is all here: {@link IncomingBody.whole} gives it back. */
export function wholeBody(bytes: Uint8Array): IncomingBody {
  const body = new IncomingBody(wholeSource);
  if (bytes.length > 0) body.push(bytes);
  body.end();
  return body;
}
