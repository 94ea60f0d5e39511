import type { Limit } from '../../config/limit-grammar.ts';
import type { Meter, MeterState, Strategy } from '../../store/windows/store.ts';

/** What a rule counts. */
export type Counted = 'requests' | 'tokens';

interface Window {
  readonly limit: Limit;
  /** What the store's key starts with; the user comes behind it. */
  readonly keyPrefix: string;
  /** The policy's name in the RateLimit fields. */
  readonly name: string;
}

/** A limit of a route, ready to be counted: one window, or several that must all allow. */
export class Rule {
  /** The value of `RateLimit-Policy` for this rule (draft-ietf-httpapi-ratelimit-headers). */
  readonly policy: string;
  private readonly windows: readonly Window[];

  /**
   * @param route - part of the store's keys, and so are the limit and the strategy: a changed rule starts anew
   */
  constructor(
    readonly counted: Counted,
    route: string,
    limits: readonly Limit[],
    strategy: Strategy,
  ) {
    // A window written twice would count each request twice.
    const distinct = limits.filter((limit, i) => !limits.slice(0, i).some((other) => same(limit, other)));
    this.windows = distinct.map((limit) => ({
      limit,
      keyPrefix: `${counted} ${route} ${limit.amount}/${limit.windowMs} ${strategy} `,
      name: distinct.length === 1 ? counted : `${counted}-${limit.windowMs / 1000}s`,
    }));
    this.policy = this.windows
      .map(({ name, limit: { amount, windowMs } }) => `"${name}";q=${amount};w=${Math.ceil(windowMs / 1000)}`)
      .join(', ');
  }

  get size(): number {
    return this.windows.length;
  }

  /** What one request of `user` would count. */
  meters(user: string, cost: number): Meter[] {
    const meters: Meter[] = [];
    for (const { keyPrefix, limit } of this.windows)
      meters.push({ key: keyPrefix + user, amount: limit.amount, windowMs: limit.windowMs, cost });
    return meters;
  }

  /** The value of `RateLimit`: what remains, and the seconds until all is there again. */
  remaining(states: readonly MeterState[]): string {
    let text = '';
    for (let i = 0; i < this.windows.length; i++) {
      const { remaining, resetMs } = states[i]!;
      text += `${i > 0 ? ', ' : ''}"${this.windows[i]!.name}";r=${remaining};t=${seconds(resetMs)}`;
    }
    return text;
  }

  /** The window that matters most to the client: one that refused, else the one with least left. */
  tightest(states: readonly MeterState[]): { readonly limit: Limit; readonly state: MeterState } {
    let best = 0;
    for (let i = 1; i < states.length; i++) {
      const [a, b] = [states[i]!, states[best]!];
      if (a.retryMs > b.retryMs || (a.retryMs === b.retryMs && a.remaining < b.remaining)) best = i;
    }
    return { limit: this.windows[best]!.limit, state: states[best]! };
  }
}

function same(a: Limit, b: Limit): boolean {
  return a.amount === b.amount && a.windowMs === b.windowMs;
}

/** Whole seconds. The store's one millisecond more, in which a moving window still counts, is no second. */
function seconds(ms: number): number {
  return Math.max(0, Math.ceil((ms - 1) / 1000));
}

/** A time as OpenAI writes it in `x-ratelimit-reset-*`: `120ms`, `1.5s`, `6m0s`, `1h0m0s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  if (ms < 60_000) return `${Math.ceil(ms) / 1000}s`;
  const whole = seconds(ms);
  const minutes = Math.floor(whole / 60);
  const rest = `${minutes % 60}m${whole % 60}s`;
  return minutes < 60 ? rest : `${Math.floor(minutes / 60)}h${rest}`;
}
