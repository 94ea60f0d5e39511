/** When requests are due: evenly, at a rate that nothing holds up. */
export class Schedule {
  #next = 0;

  /**
   * @param begin when the first is due, in milliseconds
   * @param rate requests a second
   */
  constructor(
    private readonly begin: number,
    private readonly rate: number,
    readonly count: number,
  ) {}

  /** The due time of the next request that should have been sent by now; undefined when there is none. */
  next(now: number): number | undefined {
    if (this.#next === this.count) return undefined;
    const due = this.begin + (1000 * this.#next) / this.rate;
    if (due > now) return undefined;
    this.#next += 1;
    return due;
  }
}
