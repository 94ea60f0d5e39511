import {
  type Entry,
  Line,
  List,
  longestLine,
  type PlaceEntry,
  type Refusal,
  UserSlots,
  Waiter,
} from './queue-lines.ts';

export { type Entry, type PlaceEntry, type Refusal, UserSlots } from './queue-lines.ts';

/** The limits of one target's queue. */
export interface QueueOptions {
  /** Places at once. 0: no limit. */
  readonly limit: number;
  /** Places of one user at once, over all targets that share a {@link UserSlots}. 0: no limit. */
  readonly perUser: number;
  /** Requests waiting at most. 0: none waits. */
  readonly size: number;
  /** Milliseconds a request waits at most. 0: no limit. */
  readonly timeoutMs: number;
}

/** What a queue asks of time. */
export interface QueueClock {
  /** Milliseconds; never goes back. */
  now(): number;
  /** Calls once after so many milliseconds. @returns what calls it off */
  after(ms: number, call: () => void): () => void;
}

/** More overflows a timer, which then fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const LEAST_RETRY_MS = 1000;
/** What one more request weighs in the average, as for TCP's round trips (RFC 6298, 2.3). */
const WEIGHT = 1 / 8;

const systemClock: QueueClock = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, Math.min(ms, LONGEST_TIMER_MS)).unref();
    return () => clearTimeout(timer);
  },
};

/** A place; it returns to its queue once. */
class Place implements PlaceEntry {
  readonly kind = 'place';

  constructor(
    private queue: FairQueue | undefined,
    private readonly user: string,
    private readonly since: number,
  ) {}

  release(): void {
    const { queue } = this;
    this.queue = undefined;
    queue?.leave(this.user, this.since);
  }
}

/**
 * The places of one target and the requests that wait for one. Users take turns, one request a turn; a user's own
 * requests go in order. A user whose slots are all taken is passed over, and is first once one is free.
 *
 * Users share the room to wait, too: where it is full, the newest request of the user who has most waiting is refused for
 * one of a user who has less even with it; so nobody's only request is. Finding that user takes time in the number of
 * users who wait; nothing else takes time in the number of requests or users that wait.
 */
export class FairQueue {
  private held = 0;
  private inLine = 0;
  private queued = 0;
  /** Moving average of how long a place is held, in ms. */
  private meanMs: number | undefined;
  private readonly lines = new Map<string, Line>();
  /** The users to be served, the next one first. */
  private readonly turns = new List<Line>();
  /** Those whose turn came before and who have their slot by now: they go before the others. */
  private readonly granted = new List<Line>();

  /**
   * @param users - the same for all targets of a gateway
   * @throws RangeError when `users` has another `perUser` than `options`
   */
  constructor(
    private readonly options: QueueOptions,
    private readonly users: UserSlots = new UserSlots(options.perUser),
    private readonly clock: QueueClock = systemClock,
  ) {
    if (users.perUser === options.perUser) return;
    throw new RangeError(`perUser is ${options.perUser} here and ${users.perUser} in the slots shared`);
  }

  /** Places held. */
  get active(): number {
    return this.held;
  }

  /** Requests waiting. */
  get waiting(): number {
    return this.inLine;
  }

  /** Users who have a request waiting. */
  get waitingUsers(): number {
    return this.lines.size;
  }

  /**
   * Asks for a place.
   *
   * @param signal - the client's leaving; asked for only when the request must wait
   * @returns the entry itself when it is decided at once, else a promise, which never rejects
   */
  enter(user: string, signal: () => AbortSignal): Entry | Promise<Entry> {
    // A free place means that nobody waits but those whose slots are all taken: so nobody is overtaken here.
    if (this.hasPlace() && this.users.take(user)) return this.admit(user);
    const isFull = this.inLine >= this.options.size;
    const overlong = isFull ? this.overlong(user) : undefined;
    if (isFull && overlong === undefined) return this.refusal('full', user);
    const client = signal();
    if (client.aborted) return this.refusal('left', user);
    if (overlong !== undefined) this.drop(overlong, overlong.waiters.last!, 'full');
    return this.wait(user, client);
  }

  /** @internal A place comes back. */
  leave(user: string, since: number): void {
    this.held--;
    const ms = this.clock.now() - since;
    this.meanMs = this.meanMs === undefined ? ms : this.meanMs + (ms - this.meanMs) * WEIGHT;
    this.users.give(user);
    this.serve(user);
  }

  /** @internal A parked line is given a slot of its user. */
  grant(line: Line): void {
    line.hasSlot = true;
    this.granted.push(line);
    this.serve();
  }

  private hasPlace(): boolean {
    return this.options.limit === 0 || this.held < this.options.limit;
  }

  private admit(user: string): Entry {
    this.held++;
    return new Place(this, user, this.clock.now());
  }

  /** The line that makes room for one more request of a user, if that one's line will still be the shorter. */
  private overlong(user: string): Line | undefined {
    const longest = longestLine(this.lines.values());
    const own = (this.lines.get(user)?.waiters.size ?? 0) + 1;
    return longest !== undefined && own < longest.waiters.size ? longest : undefined;
  }

  private wait(user: string, client: AbortSignal): Promise<Entry> {
    const { promise, resolve } = Promise.withResolvers<Entry>();
    const waiter = new Waiter(this.queued++, resolve);
    const line = this.lines.get(user) ?? this.newLine(user);
    line.waiters.push(waiter);
    this.inLine++;
    this.watch(line, waiter, client);
    // Where a place is free it is the user's slots that lack: this parks the line.
    this.serve();
    return promise;
  }

  private newLine(user: string): Line {
    const line = new Line(user, this);
    this.lines.set(user, line);
    this.turns.push(line);
    return line;
  }

  private watch(line: Line, waiter: Waiter, client: AbortSignal): void {
    const { timeoutMs } = this.options;
    const left = (): void => this.drop(line, waiter, 'left');
    client.addEventListener('abort', left, { once: true });
    const callOff =
      timeoutMs > 0 ? this.clock.after(timeoutMs, () => this.drop(line, waiter, 'timeout')) : undefined;
    waiter.unwatch = () => {
      client.removeEventListener('abort', left);
      callOff?.();
    };
  }

  /** Hands free places out. @param releaser - the user whose request just ended */
  private serve(releaser?: string): void {
    while (this.hasPlace()) {
      const line = this.granted.shift() ?? this.nextTurn(releaser);
      if (line === undefined) return;
      this.serveOne(line);
    }
  }

  /**
   * The line whose turn it is, with a slot taken for it. The user who gives the place back lets another go first, once
   * a turn: who fills all places and then the queue is first in line too, and had their turn already.
   */
  private nextTurn(releaser: string | undefined): Line | undefined {
    const line = this.nextWithSlot();
    if (line === undefined) return undefined;
    const yields = line.user === releaser && !line.hasYielded;
    const other = yields ? this.nextWithSlot() : undefined;
    if (other !== undefined) {
      line.hasYielded = true;
      this.turns.unshift(line);
    }
    const next = other ?? line;
    this.users.take(next.user);
    return next;
  }

  /** Passes over, and parks, the users who have no slot left. A line is passed over once a turn. */
  private nextWithSlot(): Line | undefined {
    for (;;) {
      const line = this.turns.shift();
      if (line === undefined || !this.users.exhausted(line.user)) return line;
      this.users.park(line);
    }
  }

  /** Gives a place to the first of a line that has a slot and is in no list. */
  private serveOne(line: Line): void {
    const waiter = line.waiters.shift()!;
    this.inLine--;
    line.hasSlot = false;
    line.hasYielded = false;
    if (line.waiters.size > 0) this.turns.push(line);
    else this.lines.delete(line.user);
    waiter.unwatch();
    waiter.resolve(this.admit(line.user));
  }

  /** A request stops waiting without a place. */
  private drop(line: Line, waiter: Waiter, kind: Refusal['kind']): void {
    waiter.unwatch();
    const refusal = this.refusal(kind, line.user, line);
    line.waiters.remove(waiter);
    this.inLine--;
    if (line.waiters.size === 0) this.close(line);
    waiter.resolve(refusal);
  }

  private close(line: Line): void {
    this.lines.delete(line.user);
    this.users.unpark(line);
    line.list?.remove(line);
    if (line.hasSlot) this.users.give(line.user);
  }

  /** @param line - where the request waited; without one it is counted as the last to come */
  private refusal(kind: Refusal['kind'], user: string, line?: Line): Refusal {
    const { limit, perUser } = this.options;
    const byUser = line?.hasSlot !== true && this.users.exhausted(user);
    const ahead = byUser ? ((line ?? this.lines.get(user))?.waiters.size ?? 0) : this.inLine;
    const position = line === undefined ? ahead + 1 : ahead;
    const estimate = ((this.meanMs ?? 0) * position) / (byUser ? perUser : limit);
    return {
      kind,
      retryAfterMs: Math.ceil(Math.max(LEAST_RETRY_MS, estimate)),
      cause: byUser ? 'user' : 'target',
    };
  }
}
