import { instant, zonedTime } from '../../record/chatlog/lines-time.ts';
import type { Rollup, UsageStore } from '../../store/usage/lmdb.ts';
import { figure } from '../../store/usage/figures.ts';
import { DAY_MS } from '../../store/usage/store.ts';

/** How days and hours of sums are read: of UTC, or of this machine's zone. Times are in ms since the epoch. */
export interface Clock {
  /** `2026-11-23`. */
  dayOf(at: number): string;
  hourOf(at: number): string;
  /** For people. */
  timeOf(at: number): string;
  /** When the day began that this instant is in. */
  dayStart(at: number): number;
}

export const utcClock: Clock = {
  dayOf: (at) => new Date(at).toISOString().slice(0, 10),
  hourOf: (at) => `${new Date(at).toISOString().slice(0, 13)}:00Z`,
  timeOf: (at) => new Date(at).toISOString(),
  dayStart: (at) => at - (at % DAY_MS),
};

export const localClock: Clock = {
  dayOf: (at) => instant(at).slice(0, 10),
  hourOf: (at) => instant(at).replace(/:\d\d\.\d{3}/, ''),
  timeOf: zonedTime,
  dayStart(at) {
    const date = new Date(at);
    return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  },
};

/** Sums by whole days of a clock. */
export interface Days {
  readonly rollups: Iterable<Rollup>;
  /** The last day, as of UTC, of which no hours are kept: it and those before are days of UTC. */
  readonly lastOfUtc: string | undefined;
}

/**
 * What was counted since `from`, for whole days of the clock, in the order of time. Sums are kept by days of UTC, and for two weeks by
 * its hours: of the hours days of any zone are made, and a day without them stands for itself. An hour belongs to the day
 * in which it began, so that in zones of half hours up to 45 minutes are counted to the day before.
 * @param from - the beginning of a day of the clock
 */
export function wholeDays(store: UsageStore, from: number, clock: Clock): Days {
  const first = from - (from % DAY_MS);
  if (clock === utcClock) return { rollups: store.rollups('day', first), lastOfUtc: undefined };
  const days = requestsByDay(store.rollups('day', first));
  // Read after the days: what a server writes meanwhile is more, and not less.
  const hours = requestsByDay(store.rollups('hour', first));
  const isSame = (day: number): boolean =>
    clock.dayStart(day) === day && clock.dayStart(day + DAY_MS) === day + DAY_MS;
  // Hours are taken away one by one: a day whose hours are not all there is not made of them.
  const hasHours = (day: number): boolean => (hours.get(day) ?? 0) >= days.get(day)!;
  const own = Date.parse(clock.dayOf(from));
  const counted = [...days.keys()].filter((day) => day >= own || (hasHours(day) && !isSame(day)));
  const ofUtc = counted.findLast((day) => !isSame(day) && !hasHours(day));
  return {
    rollups: inOrder(),
    lastOfUtc: ofUtc === undefined ? undefined : utcClock.dayOf(ofUtc),
  };

  function* inOrder(): Generator<Rollup> {
    for (const day of counted) {
      if (!isSame(day) && hasHours(day)) yield* store.rollups('hour', Math.max(day, from), day + DAY_MS);
      else yield* store.rollups('day', day, day + DAY_MS);
    }
  }
}

function requestsByDay(rollups: Iterable<Rollup>): Map<number, number> {
  const sums = new Map<number, number>();
  for (const { at, figures } of rollups) {
    const day = at - (at % DAY_MS);
    sums.set(day, (sums.get(day) ?? 0) + figure(figures, 'requests'));
  }
  return sums;
}
