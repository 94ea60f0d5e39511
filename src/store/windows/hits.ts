/** Hits as `[time, cost, time, cost, …]`, oldest first. Those of one millisecond are one. */
export type Chunk = number[];

/** So much at once is read and written of a window: 32 hits. */
const CHUNK_LENGTH = 2 * 32;

/** Where full chunks lie, by number; a `Map` is one. What `get` gave may be changed, and is `set` then. */
export interface Chunks {
  get(number: number): Chunk | undefined;
  set(number: number, chunk: Chunk): unknown;
  delete(number: number): unknown;
  clear(): void;
}

/**
 * The hits of a moving window. The latest are at hand, those before them lie elsewhere in chunks: what one decision touches
 * does not grow with what the window holds. In a full chunk a hit that was given back stays, and costs nothing.
 */
export class Hits {
  readonly latest: Chunk = [];
  /** The oldest full chunk, and what the next one will be: the same where there is none. */
  first = 0;
  next = 0;
  /** Where those that still count begin in the oldest chunk, and the time of the first. */
  from = 0;
  oldest = 0;

  constructor(readonly full: Chunks) {}

  get newest(): number {
    return this.latest[this.latest.length - 2]!;
  }

  add(time: number, cost: number): void {
    const { latest } = this;
    if (latest.length === 0) this.oldest = time;
    else if (time <= this.newest) return this.addBetween(time, cost);
    // More than one where there were no chunks yet when it was written.
    while (latest.length >= CHUNK_LENGTH) this.full.set(this.next++, latest.splice(0, CHUNK_LENGTH));
    latest.push(time, cost);
  }

  /**
   * Lets go of those before `time`; one that is not must be left.
   * @returns what they had cost
   */
  letGo(time: number): number {
    let gone = 0;
    while (this.oldest < time && this.first <= this.next) {
      const chunk = this.at(this.first);
      let { from } = this;
      for (; from < chunk.length && chunk[from]! < time; from += 2) gone += chunk[from + 1]!;
      if (from === chunk.length) this.dropFirst();
      else [this.from, this.oldest] = [from, chunk[from]!];
    }
    if (this.first === this.next && this.from > 0) {
      this.latest.splice(0, this.from);
      this.from = 0;
    }
    return gone;
  }

  /**
   * Changes what the hit of `time` cost, to nothing at least.
   * @returns by how much; 0 when there is none
   */
  change(time: number, delta: number): number {
    const number = this.around(time);
    const chunk = this.at(number);
    const hit = this.behind(time, number, chunk) - 2;
    if (hit < this.startOf(number) || chunk[hit] !== time || chunk[hit + 1] === 0) return 0;
    const change = Math.max(delta, -chunk[hit + 1]!);
    chunk[hit + 1]! += change;
    if (number < this.next) this.full.set(number, chunk);
    else if (chunk[hit + 1] === 0) this.removeLatest(hit);
    return change;
  }

  /** @returns the time of the hit with which, as the oldest go, `cost` has gone */
  timeOf(cost: number): number {
    let left = cost;
    for (let number = this.first; number <= this.next; number++) {
      const chunk = this.at(number);
      for (let hit = this.startOf(number); hit < chunk.length; hit += 2) {
        left -= chunk[hit + 1]!;
        if (left <= 0) return chunk[hit]!;
      }
    }
    return this.newest;
  }

  /** Gives the hits that are later than `time` that time: they become one hit. */
  pullBack(time: number): void {
    const { latest } = this;
    let cost = 0;
    for (;;) {
      // Down to the last hit that is kept, or to none.
      for (; latest.length > 0 && latest[latest.length - 2]! >= time; latest.length -= 2)
        cost += latest[latest.length - 1]!;
      if (latest.length > 0 || this.first === this.next) break;
      this.takeBack();
    }
    latest.push(time, cost);
    if (this.first === this.next) this.oldest = latest[0]!;
  }

  clear(): void {
    if (this.next > 0) this.full.clear();
    this.latest.length = 0;
    this.first = this.next = this.from = 0;
  }

  /** Of two processes, the one with the earlier time may come second. */
  private addBetween(time: number, cost: number): void {
    const number = this.around(time);
    const chunk = this.at(number);
    const place = this.behind(time, number, chunk);
    if (place > this.startOf(number) && chunk[place - 2] === time) chunk[place - 1]! += cost;
    else chunk.splice(place, 0, time, cost);
    if (number < this.next) this.full.set(number, chunk);
    this.oldest = Math.min(this.oldest, time);
  }

  private at(number: number): Chunk {
    return number === this.next ? this.latest : (this.full.get(number) ?? []);
  }

  private startOf(number: number): number {
    return number === this.first ? this.from : 0;
  }

  /** The chunk that has a hit of `time`, if one has: the last that begins no later, else the first. */
  private around(time: number): number {
    if (time >= this.latest[0]!) return this.next;
    let [low, high] = [this.first, Math.max(this.first, this.next - 1)];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.at(middle)[0]! <= time) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The place behind all that are not later. Nearly always the end. */
  private behind(time: number, number: number, chunk: Chunk): number {
    let place = chunk.length;
    while (place > this.startOf(number) && chunk[place - 2]! > time) place -= 2;
    return place;
  }

  private dropFirst(): void {
    this.full.delete(this.first);
    this.first += 1;
    this.from = 0;
    this.oldest = this.at(this.first)[0] ?? this.oldest;
  }

  private removeLatest(hit: number): void {
    const { latest } = this;
    latest.splice(hit, 2);
    while (latest.length === 0 && this.first < this.next) this.takeBack();
    if (this.first === this.next) this.oldest = latest[0] ?? 0;
  }

  /** The last full chunk is at hand again. */
  private takeBack(): void {
    const last = this.next - 1;
    const chunk = this.at(last);
    for (let hit = this.startOf(last); hit < chunk.length; hit += 2) {
      if (chunk[hit + 1]! > 0) this.latest.push(chunk[hit]!, chunk[hit + 1]!);
    }
    if (last === this.first) this.from = 0;
    this.full.delete(last);
    this.next = last;
  }
}
