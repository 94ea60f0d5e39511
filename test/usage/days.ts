/** Prints the days of `TZ` that were asked for: `bun days.ts [FIRST, HOURS, HOURS_KEPT]`, a request in each hour, as JSON. */
import { grouped } from '../../src/cli/stats/groups.ts';
import { localClock, wholeDays } from '../../src/cli/stats/clock.ts';
import { figure, noFigures } from '../../src/store/usage/figures.ts';
import type { Rollup, UsageStore } from '../../src/store/usage/lmdb.ts';
import { DAY_MS, HOUR_MS } from '../../src/store/usage/store.ts';

const [first, hours, kept] = JSON.parse(process.argv[2]!) as [string, number, number];
const start = Date.parse(first);
const labels = { user: '', target: '', route: '', model: '' };
const sums = { hour: new Map<number, number>(), day: new Map<number, number>() };
for (let hour = 0; hour < hours; hour++) {
  const at = start + hour * HOUR_MS;
  const day = at - (at % DAY_MS);
  sums.day.set(day, (sums.day.get(day) ?? 0) + 1);
  if (hour >= hours - kept) sums.hour.set(at, 1);
}
const store = {
  *rollups(period: 'hour' | 'day', from: number, until = Infinity): Generator<Rollup> {
    for (const [at, requests] of sums[period]) {
      if (at < from || at >= until) continue;
      const figures = noFigures();
      figures[0] = requests;
      yield { at, labels, figures };
    }
  },
};
const from = localClock.dayStart(start);
const { rollups, lastOfUtc } = wholeDays(store as unknown as UsageStore, from, localClock);
const { groups } = grouped(rollups, 'day', localClock);
const days = groups.map(({ name, figures }) => [name, figure(figures, 'requests')]);
const names = grouped(store.rollups('hour', start), 'hour', localClock).groups.map(({ name }) => name);
console.log(JSON.stringify({ days, lastOfUtc, hours: names }));
