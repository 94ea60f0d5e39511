/** Something that must make progress; {@link Deadlines} asks it now and then whether it still may. */
export interface Watched {
  /** Its place among the watched, which is theirs to write; -1 while it is none of them. */
  watchedAt: number;
  /** @param now - milliseconds, the clock of `performance.now()` */
  check(now: number): void;
}

/**
 * One coarse timer for all open exchanges: a timer for each byte of each stream would cost more than the streams do.
 * A limit is noticed at most {@link Deadlines.resolution} ms late.
 */
export class Deadlines {
  /** The time of the last tick, in ms: what streams stamp their progress with. */
  now = performance.now();
  /** Each knows its place, so that the many that come and go within a tick cost next to nothing. */
  private readonly watched: Watched[] = [];
  private timer: Timer | undefined;

  constructor(readonly resolution = 50) {}

  /** Does nothing to what is watched already. */
  add(item: Watched): void {
    if (item.watchedAt >= 0) return;
    item.watchedAt = this.watched.length;
    this.watched.push(item);
    if (this.timer) return;
    this.now = performance.now();
    this.timer = setInterval(() => this.tick(), this.resolution);
  }

  delete(item: Watched): void {
    const { watchedAt } = item;
    if (watchedAt < 0) return;
    const last = this.watched.pop()!;
    if (last !== item) {
      this.watched[watchedAt] = last;
      last.watchedAt = watchedAt;
    }
    item.watchedAt = -1;
  }

  private tick(): void {
    this.now = performance.now();
    // Backwards: what is deleted meanwhile is replaced by one that was asked already. Several may go at once.
    for (let i = this.watched.length - 1; i >= 0; i--) this.watched[i]?.check(this.now);
    // Stopped here and not in delete(): at a steady load the set empties and fills many times a tick.
    if (this.watched.length > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/** The process's own. */
export const deadlines = new Deadlines();
