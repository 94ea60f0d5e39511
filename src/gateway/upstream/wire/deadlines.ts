/** Something that must make progress; {@link Deadlines} asks it now and then whether it still may. */
export interface Watched {
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
  private readonly watched = new Set<Watched>();
  private timer: Timer | undefined;

  constructor(readonly resolution = 50) {}

  add(item: Watched): void {
    this.watched.add(item);
    if (this.timer) return;
    this.now = performance.now();
    this.timer = setInterval(() => this.tick(), this.resolution);
  }

  delete(item: Watched): void {
    this.watched.delete(item);
  }

  private tick(): void {
    this.now = performance.now();
    for (const item of this.watched) item.check(this.now);
    // Stopped here and not in delete(): at a steady load the set empties and fills many times a tick.
    if (this.watched.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/** The process's own. */
export const deadlines = new Deadlines();
