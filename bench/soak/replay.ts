import { decide, State } from '../../src/store/windows/strategies.ts';
import type { Meter } from '../../src/store/windows/store.ts';
import { countsTokens, metersOf } from './limits.ts';
import type { Entry, Range, User } from './users.ts';

/** What the client can know of a window: between what times it ends, and how much of it is used. */
interface Known {
  ends: Range;
  used: Range;
}

/**
 * Decides all requests of a user again, in their order, by the pure functions that stores decide by, and compares
 * verdict and what remains of each window. When the gateway decided is known within the time a request took: where
 * a window may have ended or not meanwhile, either answer is right, and tells which it was.
 *
 * @param user who sent one request at a time
 * @returns what is wrong, a line each; nothing follows the first, for what comes after is counted from it
 */
export function replay(user: User): string[] {
  const windows = new Map<string, Known>();
  for (const entry of user.journal) {
    // The queue took back what was counted, and a request that got no verdict has none to compare.
    if (entry.verdict !== 'passed' && entry.verdict !== 'limited') continue;
    const meters = metersOf(entry.route, user.key, entry.reserved);
    if (entry.remaining.length !== meters.length) return [`request ${entry.id} names other windows`];
    const before = explain(entry, meters, windows);
    if (!before)
      return [`request ${entry.id} was ${entry.verdict}, ${entry.remaining} remaining: ${known()}`];
    for (let i = 0; i < meters.length; i++) {
      const after = next(entry, meters[i]!, before[i]);
      if (after) windows.set(meters[i]!.key, after);
      else windows.delete(meters[i]!.key);
    }
    function known(): string {
      const all = meters.map(({ key, amount }) => [amount, windows.get(key)]);
      return `not from ${JSON.stringify(all)} between ${entry.sent} and ${entry.answered}`;
    }
  }
  return [];
}

type Before = (Known | undefined)[];

/** What the windows were, of all that they may have been, for the verdict to be right; undefined when nothing fits. */
function explain(entry: Entry, meters: readonly Meter[], windows: Map<string, Known>): Before | undefined {
  let worlds: Before[] = [[]];
  for (const [i, meter] of meters.entries()) {
    const choices = possible(entry, meter, entry.remaining[i]!, windows.get(meter.key));
    worlds = worlds.flatMap((world) => choices.map((choice) => world.concat([choice])));
  }
  return worlds.find((world) => agrees(entry, meters, world));
}

/** The window may go on, or have ended, or there is none. */
function possible(
  { sent, answered, verdict, reserved }: Entry,
  meter: Meter,
  remaining: number,
  known: Known | undefined,
): Before {
  if (!known) return [undefined];
  const choices: Before = [];
  const { ends, used } = known;
  const cost = verdict !== 'passed' ? 0 : countsTokens(meter) ? reserved : 1;
  let seen = meter.amount - remaining - cost;
  // Settling may take a window beyond its amount: then nothing remains, and that is all that is said.
  if (remaining === 0 && cost === 0) seen = Math.max(seen, used[0]);
  if (sent < ends[1] && seen >= used[0] && seen <= used[1]) {
    choices.push({ ends: [Math.max(ends[0], sent + 1), ends[1]], used: [seen, seen] });
  }
  if (answered >= ends[0]) choices.push(undefined);
  return choices;
}

function agrees({ verdict, remaining, answered }: Entry, meters: readonly Meter[], world: Before): boolean {
  const states = world.map((known) => {
    const state = new State();
    return known ? Object.assign(state, { ends: answered + 1, used: known.used[0] }) : state;
  });
  const decision = decide(meters, states, 'fixed-window', answered);
  return (
    decision.allowed === (verdict === 'passed') &&
    decision.states.every((state, i) => state.remaining === remaining[i])
  );
}

/** The window after the request and the end of its answer. */
function next(entry: Entry, meter: Meter, before: Known | undefined): Known | undefined {
  if (entry.verdict === 'limited') return before;
  const cost: Range = countsTokens(meter) ? entry.used : [1, 1];
  const { ends, used } = before ?? {
    ends: [entry.sent + meter.windowMs, entry.answered + meter.windowMs],
    used: [0, 0],
  };
  return { ends, used: [used[0] + cost[0], used[1] + cost[1]] };
}

/**
 * What can be said of a user whose requests overlap: no more passed than the windows that there was time for hold,
 * and nobody was refused while fewer requests than the limit had been counted.
 *
 * @returns what is wrong, a line each
 */
export function checkBounds({ key, journal }: User): string[] {
  const problems: string[] = [];
  for (const route of ['chat', 'embeddings'] as const) {
    const meters = metersOf(route, key, 0);
    const requests = meters.findIndex((meter) => !countsTokens(meter));
    const { amount, windowMs } = meters[requests]!;
    const entries = journal.filter((entry) => entry.route === route);
    const passed = entries.filter(({ verdict }) => verdict === 'passed');
    // A window is opened by whoever is counted first, one that then left or found no place too.
    const counting = entries.filter(({ verdict }) => verdict !== 'limited');
    const from = Math.min(...counting.map(({ sent }) => sent));
    const to = Math.max(...passed.map(({ answered }) => answered));
    const most = passed.length === 0 ? 0 : amount * (Math.floor((to - from) / windowMs) + 1);
    if (passed.length > most) problems.push(`${passed.length} ${route} requests passed, ${most} at most may`);
    for (const refused of entries) {
      const isFull = refused.verdict === 'limited' && refused.remaining[requests] === 0;
      if (!isFull) continue;
      const counted = counting.filter(
        ({ sent, answered }) => answered >= refused.sent - windowMs && sent <= refused.answered,
      );
      if (counted.length < amount)
        problems.push(`request ${refused.id} was refused after ${counted.length} of ${amount}`);
    }
  }
  return problems;
}
