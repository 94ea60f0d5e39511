import { addFigures, type Figures, noFigures } from '../../store/usage/figures.ts';
import type { Rollup } from '../../store/usage/lmdb.ts';
import type { Clock } from './clock.ts';
import { shownUser } from '../../store/user-digest.ts';

export const groupings = ['key', 'model', 'route', 'target', 'day', 'hour'] as const;
export type Grouping = (typeof groupings)[number];

/** Exchanges of one key, model …, added up. */
export interface Group {
  readonly name: string;
  readonly figures: Figures;
}

export interface Grouped {
  /** Days and hours in their order, others the most requests first. */
  readonly groups: readonly Group[];
  readonly total: Figures;
}

/**
 * Adds up by what is asked for.
 * @param rollups - in the order of time
 */
export function grouped(rollups: Iterable<Rollup>, by: Grouping, clock: Clock): Grouped {
  const sums = new Map<string, Figures>();
  const total = noFigures();
  for (const rollup of rollups) {
    const name = nameOf(rollup, by, clock);
    let sum = sums.get(name);
    if (!sum) sums.set(name, (sum = noFigures()));
    addFigures(sum, rollup.figures);
    addFigures(total, rollup.figures);
  }
  const groups = [...sums].map(([name, figures]) => ({ name, figures }));
  const isTime = by === 'day' || by === 'hour';
  if (!isTime) groups.sort((a, b) => b.figures[0]! - a.figures[0]! || (a.name < b.name ? -1 : 1));
  return { groups, total };
}

function nameOf({ at, labels }: Rollup, by: Grouping, clock: Clock): string {
  if (by === 'key') return shownUser(labels.user);
  if (by === 'model' || by === 'route' || by === 'target') return labels[by];
  return by === 'day' ? clock.dayOf(at) : clock.hourOf(at);
}
