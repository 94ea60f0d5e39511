import type { Decision, Meter, MeterState, Strategy } from './store.ts';

/**
 * What is kept of one window, as plain numbers that a store can write down as they are; empty when nothing is
 * counted. Fixed: `[ends, used, start]`. Moving: `[ends, used, time, cost, time, cost, …]`, oldest first. Hits
 * of one millisecond are one entry.
 */
export type State = number[];

/** When the window is no longer of use to anybody, in milliseconds since the epoch. */
export const ENDS = 0;
const USED = 1;
const START = 2;
const ENTRIES = 2;

/** One strategy, as functions over a state. Only `expire` looks at what no longer counts; call it first. */
interface Rule {
  expire(state: State, windowMs: number, now: number): void;
  count(state: State, meter: Meter, now: number): void;
  refuse(state: State, windowMs: number, now: number): void;
  correct(state: State, windowMs: number, at: number, delta: number): void;
  resetMs(state: State, now: number): number;
  /** Until `cost` fits: asked only when it does not, but would in an empty window. */
  retryMs(state: State, meter: Meter, now: number): number;
}

const nothing = (): void => {};

const fixed: Rule = {
  // The instant at which it ends belongs to the next window.
  expire: (state, _, now) => {
    if (state.length > 0 && state[ENDS]! <= now) state.length = 0;
  },
  count: (state, { cost, windowMs }, now) => {
    if (state.length === 0) {
      state.push(now + windowMs, cost, now);
      return;
    }
    state[USED]! += cost;
    // Of two processes, the one with the earlier time may come second.
    if (now < state[START]!) state[START] = now;
  },
  refuse: nothing,
  correct: (state, _, at, delta) => {
    if (state.length === 0 || at < state[START]!) return;
    const used = state[USED]! + delta;
    if (used > 0) state[USED] = used;
    else state.length = 0;
  },
  resetMs: (state, now) => (state.length === 0 ? 0 : state[ENDS]! - now),
  retryMs: (state, _, now) => state[ENDS]! - now,
};

const stretch = (state: State, windowMs: number, now: number): void => {
  if (state.length > 0) state[ENDS] = Math.max(state[ENDS]!, now + windowMs);
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
    let first = ENTRIES;
    while (first < state.length && state[first]! < now - windowMs) {
      state[USED]! -= state[first + 1]!;
      first += 2;
    }
    if (first >= state.length) state.length = 0;
    else if (first > ENTRIES) state.splice(ENTRIES, first - ENTRIES);
  },
  count: (state, { cost, windowMs }, now) => {
    if (state.length === 0) state.push(0, 0);
    state[USED]! += cost;
    const place = placeOf(state, now);
    if (state[place - 2] === now && place > ENTRIES) state[place - 1]! += cost;
    else if (place === state.length) state.push(now, cost);
    else state.splice(place, 0, now, cost);
    state[ENDS] = newest(state) + windowMs;
  },
  refuse: nothing,
  correct: (state, windowMs, at, delta) => {
    const entry = placeOf(state, at) - 2;
    if (entry < ENTRIES || state[entry] !== at) return;
    const change = Math.max(delta, -state[entry + 1]!);
    state[USED]! += change;
    state[entry + 1]! += change;
    if (state[entry + 1] === 0) state.splice(entry, 2);
    if (state.length === ENTRIES) state.length = 0;
    else state[ENDS] = newest(state) + windowMs;
  },
  resetMs: (state, now) => (state.length === 0 ? 0 : state[ENDS]! - now + 1),
  retryMs: (state, { amount, cost, windowMs }, now) => {
    let entry = ENTRIES;
    for (let excess = state[USED]! + cost - amount; entry < state.length; entry += 2) {
      excess -= state[entry + 1]!;
      if (excess <= 0) break;
    }
    return state[entry]! + windowMs - now + 1;
  },
};

const newest = (state: State): number => state[state.length - 2]!;

/** Where an entry of `time` goes: behind all that are not later. Nearly always the end. */
function placeOf(state: State, time: number): number {
  let place = state.length;
  while (place > ENTRIES && state[place - 2]! > time) place -= 2;
  return place;
}

const rules: Record<Strategy, Rule> = {
  'fixed-window': fixed,
  'fixed-window-elastic-expiry': elastic,
  'moving-window': moving,
};

const fits = (state: State, { cost, amount }: Meter): boolean =>
  cost === 0 || (state.length === 0 ? 0 : state[USED]!) + cost <= amount;

/**
 * Decides over all meters at once and counts: the whole arithmetic of limits, for every store that can hold
 * `states` still meanwhile. (Redis can't run it and has the same in Lua; the contract suite compares them.)
 *
 * @param states one a meter; changed in place. Those that {@link isChanged} must be written back.
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
    else if (allowed && meter.cost > 0) rule.count(state, meter, now);
    after.push(stateAfter(rule, state, meter, refused, now));
  }
  return { allowed, states: after };
}

function stateAfter(rule: Rule, state: State, meter: Meter, refused: boolean, now: number): MeterState {
  const used = state.length === 0 ? 0 : state[USED]!;
  const retryMs = meter.cost > meter.amount ? Infinity : refused ? rule.retryMs(state, meter, now) : 0;
  return { remaining: Math.max(0, meter.amount - used), resetMs: rule.resetMs(state, now), retryMs };
}

/** Whether the decision changed what is kept for a meter, beyond letting go of what no longer counted. */
export function isChanged(meter: Meter, state: MeterState, strategy: Strategy, allowed: boolean): boolean {
  if (allowed) return meter.cost > 0;
  return strategy === 'fixed-window-elastic-expiry' && state.retryMs > 0 && state.resetMs > 0;
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
  rules[strategy].expire(state, windowMs, now);
  rules[strategy].correct(state, windowMs, at, delta);
}
