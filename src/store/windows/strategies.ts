import { type Chunks, Hits } from './hits.ts';
import { CLOCKS_DIFFER_MS, type Decision, type Meter, type MeterState, type Strategy } from './store.ts';

/** What is kept of one window. Where `used` is 0 nothing is counted, and the rest says nothing. */
export class State {
  /** When the window is no longer of use to anybody, in milliseconds since the epoch. */
  ends = 0;
  used = 0;
  /** When a fixed window began. */
  start = 0;
  readonly hits: Hits;
  /** Whether it must be written back. Only to let go of what no longer counts is no reason, while all is found again. */
  isChanged = false;

  /** @param chunks where those of a moving window lie */
  constructor(chunks: Chunks = new Map()) {
    this.hits = new Hits(chunks);
  }
}

/** One strategy, as functions over a state. Only `expire` looks at what no longer counts; call it first. */
interface Rule {
  expire(state: State, windowMs: number, now: number): void;
  count(state: State, meter: Meter, now: number): void;
  refuse(state: State, windowMs: number, now: number): void;
  /** Asked only where something is counted, as are the next two. */
  correct(state: State, windowMs: number, at: number, delta: number): void;
  resetMs(state: State, now: number): number;
  /** Until `cost` fits: asked only when it does not, but would in an empty window. */
  retryMs(state: State, meter: Meter, now: number): number;
}

const nothing = (): void => {};

const fixed: Rule = {
  // The instant at which it ends belongs to the next window.
  expire: (state, windowMs, now) => {
    if (state.ends <= now) state.used = 0;
    else if (state.ends > now + windowMs && state.used > 0) {
      // A clock ran ahead when it began. Written back, or it would begin anew with each look.
      state.ends = now + windowMs;
      state.start = Math.min(state.start, now);
      state.isChanged = true;
    }
  },
  count: (state, { cost, windowMs }, now) => {
    if (state.used === 0) {
      state.ends = now + windowMs;
      state.start = now;
    }
    state.used += cost;
    // Of two processes, the one with the earlier time may come second.
    if (now < state.start) state.start = now;
  },
  refuse: nothing,
  correct: (state, _, at, delta) => {
    if (at >= state.start) state.used = Math.max(0, state.used + delta);
  },
  resetMs: (state, now) => state.ends - now,
  retryMs: (state, _, now) => state.ends - now,
};

const stretch = (state: State, windowMs: number, now: number): void => {
  if (state.used === 0) return;
  state.ends = Math.max(state.ends, now + windowMs);
  state.isChanged = true;
};

/** Every request stretches the window, a refused one too. */
const elastic: Rule = {
  ...fixed,
  count: (state, meter, now) => {
    fixed.count(state, meter, now);
    stretch(state, meter.windowMs, now);
  },
  refuse: stretch,
};

const moving: Rule = {
  // A request counts for exactly the window's length, both ends included: hence `<`, and below `+ 1`.
  expire: (state, windowMs, now) => {
    if (state.used === 0) return;
    const { hits } = state;
    const { first } = hits;
    if (state.ends < now) {
      state.used = 0;
      hits.clear();
    } else state.used -= hits.letGo(now - windowMs);
    if (state.used > 0 && hits.newest > now + CLOCKS_DIFFER_MS) {
      hits.pullBack(now);
      state.ends = hits.newest + windowMs;
      state.isChanged = true;
    }
    if (hits.first > first) state.isChanged = true;
  },
  count: (state, { cost, windowMs }, now) => {
    state.used += cost;
    state.hits.add(now, cost);
    state.ends = state.hits.newest + windowMs;
  },
  refuse: nothing,
  correct: (state, windowMs, at, delta) => {
    const { hits } = state;
    state.used += hits.change(at, delta);
    if (state.used === 0) hits.clear();
    else state.ends = hits.newest + windowMs;
  },
  resetMs: (state, now) => state.ends - now + 1,
  retryMs: ({ used, hits }, { amount, cost, windowMs }, now) =>
    hits.timeOf(used + cost - amount) + windowMs - now + 1,
};

const rules: Record<Strategy, Rule> = {
  'fixed-window': fixed,
  'fixed-window-elastic-expiry': elastic,
  'moving-window': moving,
};

const fits = ({ used }: State, { cost, amount }: Meter): boolean => cost === 0 || used + cost <= amount;

/**
 * Decides over all meters at once and counts: the whole arithmetic of limits, for every store that can hold
 * `states` still meanwhile. (Redis can't run it and has the same in Lua; the contract suite compares them.)
 *
 * @param states one a meter; changed in place. Those that say `isChanged` must be written back.
 * @param now milliseconds since the epoch
 */
export function decide(
  meters: readonly Meter[],
  states: readonly State[],
  strategy: Strategy,
  now: number,
): Decision {
  const rule = rules[strategy];
  let allowed = true;
  for (let i = 0; i < meters.length; i++) {
    rule.expire(states[i]!, meters[i]!.windowMs, now);
    allowed = fits(states[i]!, meters[i]!) && allowed;
  }
  const after: MeterState[] = [];
  for (let i = 0; i < meters.length; i++) {
    const [meter, state] = [meters[i]!, states[i]!];
    const refused = !allowed && !fits(state, meter);
    if (refused) rule.refuse(state, meter.windowMs, now);
    else if (allowed && meter.cost > 0) {
      rule.count(state, meter, now);
      state.isChanged = true;
    }
    after.push(stateAfter(rule, state, meter, refused, now));
  }
  return { allowed, states: after };
}

function stateAfter(rule: Rule, state: State, meter: Meter, refused: boolean, now: number): MeterState {
  const retryMs = meter.cost > meter.amount ? Infinity : refused ? rule.retryMs(state, meter, now) : 0;
  return {
    remaining: Math.max(0, meter.amount - state.used),
    resetMs: state.used === 0 ? 0 : rule.resetMs(state, now),
    retryMs,
  };
}

/** {@link WindowStore.settle} for one meter's state, in place. */
export function correct(
  state: State,
  { windowMs }: Meter,
  strategy: Strategy,
  at: number,
  delta: number,
  now: number,
): void {
  const rule = rules[strategy];
  rule.expire(state, windowMs, now);
  if (state.used === 0) return;
  rule.correct(state, windowMs, at, delta);
  state.isChanged = true;
}
