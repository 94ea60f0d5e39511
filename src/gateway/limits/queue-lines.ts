/** A place held. Whoever is given one must release it, even if the client has left by then. */
export interface PlaceEntry {
  readonly kind: 'place';
  /** Gives the place to the next waiting; again does nothing. */
  release(): void;
}

/** No place: the queue is full (maybe only by now, see `FairQueue`), the wait was too long, or the client left. */
export interface Refusal {
  readonly kind: 'full' | 'timeout' | 'left';
  /** Whole milliseconds after which a place is likely, at least 1000. An estimate. */
  readonly retryAfterMs: number;
  /** `user`: the user's own places were all taken (else the target's were). */
  readonly cause: 'target' | 'user';
}

export type Entry = PlaceEntry | Refusal;

/** Something in a {@link List}; in one at a time. */
class Link<T extends Link<T>> {
  list: List<T> | undefined;
  previous: T | undefined;
  next: T | undefined;
}

/** First in, first out, and anything may leave from the middle in constant time (an array or Set would scan). */
export class List<T extends Link<T>> {
  first: T | undefined;
  last: T | undefined;
  size = 0;

  push(item: T): void {
    item.list = this;
    item.previous = this.last;
    if (this.last === undefined) this.first = item;
    else this.last.next = item;
    this.last = item;
    this.size++;
  }

  unshift(item: T): void {
    item.list = this;
    item.next = this.first;
    if (this.first === undefined) this.last = item;
    else this.first.previous = item;
    this.first = item;
    this.size++;
  }

  remove(item: T): void {
    if (item.previous === undefined) this.first = item.next;
    else item.previous.next = item.next;
    if (item.next === undefined) this.last = item.previous;
    else item.next.previous = item.previous;
    item.list = item.previous = item.next = undefined;
    this.size--;
  }

  shift(): T | undefined {
    const item = this.first;
    if (item !== undefined) this.remove(item);
    return item;
  }
}

/** One waiting request. */
export class Waiter extends Link<Waiter> {
  /** Ends the watch for its client and its time. */
  unwatch: () => void = () => {};

  /** @param number - counts up in the order of coming */
  constructor(
    readonly number: number,
    readonly resolve: (entry: Entry) => void,
  ) {
    super();
  }
}

/** What a line is told through that a slot is kept for it. */
interface Grantable {
  grant(line: Line): void;
}

/** The waiting requests of one user at one target, never none. In its queue's turns or among the parked. */
export class Line extends Link<Line> {
  readonly waiters = new List<Waiter>();
  /** A slot of the user is kept for it. */
  hasSlot = false;
  /** Has let another go first in this turn. */
  hasYielded = false;

  constructor(
    readonly user: string,
    readonly queue: Grantable,
  ) {
    super();
  }
}

/** The line with the most waiting; of equal ones that whose last came last, as that one has waited least. */
export function longestLine(lines: Iterable<Line>): Line | undefined {
  let longest: Line | undefined;
  for (const line of lines) {
    const more = line.waiters.size - (longest?.waiters.size ?? 0);
    if (more > 0 || (more === 0 && line.waiters.last!.number > longest!.waiters.last!.number)) longest = line;
  }
  return longest;
}

/**
 * Counts the places of each user over all targets, and remembers where a user's turn came while all their slots were
 * taken: the user's next slots go there, in the order of the turns missed, and are kept until that target has a place.
 * Else a user who is busy at one target would never be served at another that is always full.
 */
export class UserSlots {
  private readonly taken = new Map<string, number>();
  private readonly parked = new Map<string, List<Line>>();

  /** @param perUser - slots of one user, 0: no limit (then nothing is counted) */
  constructor(readonly perUser: number) {}

  /** Users with a slot taken. */
  get users(): number {
    return this.taken.size;
  }

  /** Whether all slots of a user are taken. */
  exhausted(user: string): boolean {
    return this.perUser > 0 && (this.taken.get(user) ?? 0) >= this.perUser;
  }

  /** @internal @returns whether there was one */
  take(user: string): boolean {
    if (this.perUser === 0) return true;
    const taken = this.taken.get(user) ?? 0;
    if (taken >= this.perUser) return false;
    this.taken.set(user, taken + 1);
    return true;
  }

  /** @internal Passes a slot to the line parked longest, if any. */
  give(user: string): void {
    if (this.perUser === 0) return;
    const line = this.parked.get(user)?.first;
    if (line !== undefined) {
      this.unpark(line);
      line.queue.grant(line);
      return;
    }
    const taken = this.taken.get(user) ?? 0;
    if (taken > 1) this.taken.set(user, taken - 1);
    else this.taken.delete(user);
  }

  /** @internal */
  park(line: Line): void {
    const lines = this.parked.get(line.user);
    if (lines !== undefined) return lines.push(line);
    const first = new List<Line>();
    first.push(line);
    this.parked.set(line.user, first);
  }

  /** @internal Does nothing to a line that is not parked. */
  unpark(line: Line): void {
    const lines = this.parked.get(line.user);
    if (lines === undefined || line.list !== lines) return;
    lines.remove(line);
    if (lines.size === 0) this.parked.delete(line.user);
  }
}
