/** Seconds over which requests and retries are weighed against each other. */
const WINDOW = 10;
/** Retries in a second that are always allowed. */
const FREE_PER_SECOND = 10;
/** Beyond those, retries may be this part of the requests. */
const MAX_SHARE = 0.2;

/** Keeps a sick upstream from being buried: beyond ten a second, retries are at most a fifth of the requests. */
export class RetryBudget {
  private readonly requests = Array.from({ length: WINDOW }, () => 0);
  private readonly retries = Array.from({ length: WINDOW }, () => 0);
  private second = 0;

  constructor(private readonly clock: () => number = () => performance.now()) {}

  /** Counts a request; retries are not requests. */
  countRequest(): void {
    this.requests[this.slot()]!++;
  }

  /** Counts a retry and says yes, or says no. */
  spend(): boolean {
    const slot = this.slot();
    const allowed =
      this.retries[slot]! < FREE_PER_SECOND || sum(this.retries) < MAX_SHARE * sum(this.requests);
    if (allowed) this.retries[slot]!++;
    return allowed;
  }

  private slot(): number {
    const second = Math.floor(this.clock() / 1000);
    // Slots that passed unused since the last call are of an older round.
    for (let s = Math.max(this.second + 1, second - WINDOW + 1); s <= second; s++) {
      this.requests[s % WINDOW] = this.retries[s % WINDOW] = 0;
    }
    this.second = second;
    return second % WINDOW;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
