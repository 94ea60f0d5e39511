import { MemoryWindows } from '../../store/windows/memory.ts';
import type { Decision, Meter, Strategy, WindowStore } from '../../store/windows/store.ts';

/** What is done while the store is gone. */
export type OnError = 'local' | 'open' | 'closed';

/** The store can't be asked, and the operator wants nothing to pass without it. */
export class WindowsUnavailable extends Error {
  override readonly name = 'WindowsUnavailable';
}

/** While it is gone the store is asked once in so many ms, and not by every request. */
const ASK_AGAIN_MS = 1000;

/** A store that may go and come back: says so once each way, and decides meanwhile as the operator chose. */
export class ResilientWindows implements WindowStore {
  private readonly local = new MemoryWindows();
  private goneSince = -Infinity;
  private gone = false;

  constructor(
    private readonly store: WindowStore,
    private readonly onError: OnError,
    private readonly say: (message: string) => void,
  ) {}

  /** @throws {@link WindowsUnavailable} when the store is gone and `onError` is `closed` */
  hit(meters: readonly Meter[], strategy: Strategy, now: number): Decision | Promise<Decision> {
    if (this.gone && performance.now() - this.goneSince < ASK_AGAIN_MS)
      return this.decide(meters, strategy, now);
    try {
      const decision = this.store.hit(meters, strategy, now);
      if (!(decision instanceof Promise)) return this.back(decision);
      return decision.then(
        (decided) => this.back(decided),
        (error: unknown) => this.lost(error, meters, strategy, now),
      );
    } catch (error) {
      return this.lost(error, meters, strategy, now);
    }
  }

  /** Asks the store once, so that the operator hears at the start that it is not there, and not at the first request. */
  async probe(): Promise<void> {
    const meter = { key: 'probe', amount: 1, windowMs: 1000, cost: 0 };
    try {
      await this.hit([meter], 'fixed-window', Date.now());
    } catch {
      // Said already; what `closed` means for a request is no reason not to start.
    }
  }

  async settle(
    meters: readonly Meter[],
    strategy: Strategy,
    at: number,
    delta: number,
    now: number,
  ): Promise<void> {
    try {
      if (this.gone) this.local.settle(meters, strategy, at, delta, now);
      else await this.store.settle(meters, strategy, at, delta, now);
    } catch {
      // The window forgets it in its own time, and the next hit says that the store is gone.
    }
  }

  async close(): Promise<void> {
    await this.store.close();
  }

  private lost(error: unknown, meters: readonly Meter[], strategy: Strategy, now: number): Decision {
    if (!this.gone)
      this.say(
        `limits: the backend is gone (${(error as Error).message || 'refused, unreachable, or a wrong password'}); ${consequence[this.onError]}`,
      );
    this.gone = true;
    this.goneSince = performance.now();
    return this.decide(meters, strategy, now);
  }

  private back(decision: Decision): Decision {
    if (this.gone) this.say('limits: the backend is back');
    this.gone = false;
    return decision;
  }

  private decide(meters: readonly Meter[], strategy: Strategy, now: number): Decision {
    if (this.onError === 'closed') throw new WindowsUnavailable('limits cannot be checked');
    if (this.onError === 'local') return this.local.hit(meters, strategy, now);
    return {
      allowed: true,
      states: meters.map(({ amount }) => ({ remaining: amount, resetMs: 0, retryMs: 0 })),
    };
  }
}

const consequence: Record<OnError, string> = {
  local: 'until it is back this process decides from its own memory',
  open: 'until it is back all requests pass',
  closed: 'until it is back all limited requests are refused',
};
