import { kindOf } from './charts.ts';
import { type Figure, figures, type Row } from './result.ts';

/** Who is better than aifd at something. */
export interface Loss {
  scenario: string;
  figure: Figure;
  aifd: Row;
  /** The best first. */
  ahead: readonly { contender: string; value: number; times: number }[];
}

/** What is told of a case: other figures follow from these. */
const told: readonly Figure[] = [
  'cpu',
  'rate',
  'p50',
  'p99',
  'first50',
  'gap99',
  'allStarted',
  'rss',
  'rssAtRest',
  'start',
];

/** Less is no difference that anybody would notice, though the rounds agree on it. */
const LEAST = 1.05;

/**
 * Every case in which a rival is better than aifd by more than the rounds differ: bare beside bare, everything on beside
 * those with their features on, and beside the limit in any case.
 */
export function lossesOf(rows: readonly Row[], everything: string): Loss[] {
  const own = rows.filter((row) => isOwn(row, rows, everything));
  return own.flatMap((aifd) => told.flatMap((figure) => lossOf(aifd, figure, rows)));
}

/** Bare, and everything on; where that has no row, what stands for it there. */
function isOwn(row: Row, rows: readonly Row[], everything: string): boolean {
  const { contender, scenario } = row;
  if (contender === 'aifd' || contender === everything) return true;
  const hasAll = rows.some((other) => other.scenario === scenario && other.contender === everything);
  return kindOf(row) === 'aifd-on' && !hasAll;
}

function lossOf(aifd: Row, figure: Figure, rows: readonly Row[]): Loss[] {
  const value = aifd.median[figure];
  if (value === undefined || value === 0) return [];
  const rivals = rows.filter((row) => row.scenario === aifd.scenario && isRival(row, aifd));
  const ahead = rivals
    .filter((row) => isAhead(row, aifd, figure))
    .map(({ contender, median }) => ({
      contender,
      value: median[figure]!,
      times: timesBetter(median[figure]!, value, figure),
    }))
    .filter(({ times }) => times >= LEAST);
  if (ahead.length === 0) return [];
  return [{ scenario: aifd.scenario, figure, aifd, ahead: ahead.toSorted((a, b) => b.times - a.times) }];
}

function isRival(row: Row, aifd: Row): boolean {
  const kind = kindOf(row);
  const doesAsMuch = row.features === aifd.features;
  return (kind === 'peer' && doesAsMuch) || (kind === 'limit' && (doesAsMuch || aifd.features === 'on'));
}

/** Its worst round is better than aifd's best. */
function isAhead(rival: Row, aifd: Row, figure: Figure): boolean {
  const [theirs, ours] = [rival.spread[figure], aifd.spread[figure]];
  if (!theirs || !ours) return false;
  return figures[figure].better === 'more' ? theirs[0] > ours[1] : theirs[1] < ours[0];
}

function timesBetter(theirs: number, ours: number, figure: Figure): number {
  return figures[figure].better === 'more' ? theirs / ours : ours / theirs;
}
