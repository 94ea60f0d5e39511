import { EventSplitter } from '../../openai/sse.ts';
import type { BodySink, IncomingBody, StreamingTo } from '../upstream/wire/incoming.ts';

/** Time as the pacer sees it. */
export interface PacerClock {
  /** Milliseconds, with fractions, on a clock that is never set back. */
  now(): number;
  /** Runs `task` once, in `ms` whole milliseconds. */
  start(task: () => void, ms: number): unknown;
  stop(timer: unknown): void;
}

const systemClock: PacerClock = {
  now: () => performance.now(),
  start: (task, ms) => setTimeout(task, ms),
  stop: (timer) => clearTimeout(timer as Timer),
};

/** A timer that was late is made up for, so that the pace holds on average: up to so much, ms. */
const MADE_UP_FOR = 50;
/** No timer is finer, ms: at intervals under two of these several events may share one. */
const TIMER_GRAIN = 1;
/** A timer that is set for longer fires at once, ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * A body's server-sent events, leaving one at a time and evenly: the first without delay, then at most one each
 * `perEventMs`. Comments and blocks without data are no events and leave in order without a turn. The bytes stay as they are. The upstream is held back, not buffered: of what it sent, no more than one
 * read is held. A body that is cut short is cut for the client too, behind what came before.
 * @param body - not streamed yet, and not compressed. A replay is a body whose pieces were pushed and which was ended.
 * @param perEventMs - the interval, ms; fractions count: 60 a second is 1000 / 60
 * @param client - the connection that the stream goes to
 */
export function paced(
  body: PacedBody,
  perEventMs: number,
  client?: StreamingTo,
  clock: PacerClock = systemClock,
): ReadableStream<Uint8Array> {
  const pacer = new Pacer(body, perEventMs, client, clock);
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => pacer.start(controller),
      pull: () => pacer.pull(),
      cancel: () => pacer.cancel(),
    },
    // No queue of its own: an event leaves when the client takes it, and a client that takes none holds the rest.
    { highWaterMark: 0 },
  );
}

/** What the pacer needs of an {@link IncomingBody}. */
type PacedBody = Pick<IncomingBody, 'pipe' | 'discard'>;

class Pacer implements BodySink {
  private readonly splitter = new EventSplitter();
  private readonly queue: Uint8Array[] = [];
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  /** The client is ready for an event. */
  private wanted = false;
  /** When the next event is due by the pace alone; and when it may leave, which is later behind a late one. */
  private due = -Infinity;
  private next = -Infinity;
  private timer: unknown;
  /** An event and the client both wait for the time: if it leaves late, that is our doing. */
  private held = false;
  private room: PromiseWithResolvers<void> | undefined;
  private ended = false;
  private failure: Error | undefined;
  private closed = false;

  constructor(
    private readonly body: PacedBody,
    private readonly interval: number,
    private readonly client: StreamingTo | undefined,
    private readonly clock: PacerClock,
  ) {}

  // The client's side.

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.controller = controller;
    void this.body.pipe(this);
  }

  pull(): void {
    this.client?.begins();
    this.wanted = true;
    this.turn();
  }

  /** The client left. */
  cancel(): void {
    this.shut();
    this.queue.length = 0;
    this.body.discard();
  }

  // The upstream's side.

  write(piece: Uint8Array): Promise<void> | undefined {
    if (this.closed) return undefined;
    this.splitter.feed(piece, (event) => this.queue.push(event));
    this.turn();
    // One event ahead: the next read has an interval to come in.
    if (this.queue.length <= 1) return undefined;
    this.room ??= Promise.withResolvers<void>();
    return this.room.promise;
  }

  flush(): void {
    this.add(this.splitter.comments());
  }

  end(): void {
    this.ended = true;
    this.add(this.splitter.rest());
  }

  close(error: Error): void {
    this.failure = error;
    this.end();
  }

  private add(event: Uint8Array | undefined): void {
    if (this.closed) return;
    if (event) this.queue.push(event);
    this.turn();
  }

  // Between them.

  /** Lets go what is due, and sees to it that the rest has its turn. */
  private turn(): void {
    if (!this.wanted || this.closed) return;
    const now = this.clock.now();
    // An upstream or a client that was late is not made up for: that would be a burst.
    const since = this.held ? now - MADE_UP_FOR : now;
    for (let event = this.queue[0]; event && (this.next <= now || !isEvent(event)); event = this.queue[0])
      this.emit(event, now, since);
    if (this.closed) return;
    if (this.queue.length <= 1) this.makeRoom();
    this.held = this.wanted && this.queue.length > 0;
    if (this.held) this.arm(now);
    else if (this.wanted && this.ended) this.finish();
  }

  private emit(event: Uint8Array, now: number, since: number): void {
    if (isEvent(event)) {
      this.due = Math.max(this.due, since) + this.interval;
      const even = this.interval >= 2 * TIMER_GRAIN;
      this.next = even ? Math.max(this.due, now + this.interval / 2) : this.due;
    }
    this.queue.shift();
    this.wanted = false;
    this.client?.stalls();
    // May pull at once, and so come back here.
    this.controller.enqueue(event);
  }

  private arm(now: number): void {
    if (this.timer !== undefined) return;
    const ms = Math.min(Math.ceil(this.next - now), LONGEST_TIMER);
    this.timer = this.clock.start(() => {
      this.timer = undefined;
      this.turn();
    }, ms);
  }

  private makeRoom(): void {
    this.room?.resolve();
    this.room = undefined;
  }

  private finish(): void {
    const { failure } = this;
    if (!failure) {
      this.shut();
      this.client?.ends();
      return this.controller.close();
    }
    // Not in the turn of the last event: Bun has not written that to the socket yet, and a reset would lose it.
    this.timer ??= this.clock.start(() => {
      this.shut();
      this.controller.error(failure);
    }, TIMER_GRAIN);
  }

  private shut(): void {
    this.closed = true;
    if (this.timer !== undefined) this.clock.stop(this.timer);
    this.timer = undefined;
  }
}

const DATA = Buffer.from('data');
const LF = 10;
const CR = 13;

/** A block is an event when one of its lines is a `data` field (HTML, "dispatch the event"): a comment is none. */
function isEvent(block: Uint8Array): boolean {
  for (let at = dataAt(block, 0); at >= 0; at = dataAt(block, at + 1)) {
    const before = at === 0 ? LF : block[at - 1];
    // The last byte of a byte order mark.
    if (before === LF || before === CR || (at === 3 && before === 0xbf)) return true;
  }
  return false;
}

function dataAt(block: Uint8Array, from: number): number {
  return Buffer.prototype.indexOf.call(block, DATA, from);
}
