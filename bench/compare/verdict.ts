import { type Figure, figures, type MeasuredRow, type Sample } from '../report/result.ts';

/** How one figure of one scenario moved from the first ref to the second. */
export interface Change {
  title: string;
  contender: string;
  figure: Figure;
  before: number;
  after: number;
  /** The median of the rounds' own ratios, after over before: 1.1 is a tenth more. */
  ratio: number;
  /** The least and the greatest of them. */
  between: readonly [number, number];
  verdict: 'slower' | 'faster' | 'noise';
}

/** What is judged. Tails are not: they differ by more than changes make from one round to the next. */
const judged: readonly Figure[] = [
  'cpu',
  'rate',
  'p50',
  'first50',
  'allStarted',
  'rss',
  'rssAtRest',
  'start',
];

/** Less is no change that anybody would act on. */
const LEAST = 0.05;

/** So many rounds agree by chance one time in thirty-two; four would one time in eight. */
export const LEAST_ROUNDS = 6;

/** One round in so many may disagree. */
const ONE_IN = 8;

/**
 * Compares rounds in which both ran one after the other, so that what disturbed the machine disturbed both: a figure has moved
 * when the median of the rounds' ratios is off 1 by more than 5 %, and by more than their own spread (the median deviation),
 * and all rounds, or all but one in eight, lie on that side.
 */
export function changesOf(before: MeasuredRow, after: MeasuredRow): Change[] {
  return judged.flatMap((figure) => {
    const ratios = ratiosOf(before.rounds, after.rounds, figure);
    if (ratios.length === 0) return [];
    const ratio = median(ratios);
    return [
      {
        title: after.title,
        contender: after.contender,
        figure,
        before: before.median[figure]!,
        after: after.median[figure]!,
        ratio,
        between: [Math.min(...ratios), Math.max(...ratios)],
        verdict: verdictOf(ratios, ratio, figure),
      },
    ];
  });
}

/** Of an even number the middle of the two: rounds are few. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}

/** Of rounds that lack the figure on one side nothing can be said. */
function ratiosOf(before: readonly Sample[], after: readonly Sample[], figure: Figure): number[] {
  if (before.length !== after.length) return [];
  return after.flatMap((sample, round) => {
    const [now, then] = [sample[figure], before[round]![figure]];
    return now === undefined || then === undefined || !(then > 0) || !(now > 0) ? [] : [now / then];
  });
}

function verdictOf(ratios: readonly number[], ratio: number, figure: Figure): Change['verdict'] {
  const moved = Math.abs(ratio - 1);
  const deviation = median(ratios.map((one) => Math.abs(one - ratio)));
  const isMore = ratio > 1;
  const disagreeing = ratios.filter((one) => one > 1 !== isMore).length;
  if (ratios.length < LEAST_ROUNDS || moved <= LEAST || moved <= deviation) return 'noise';
  if (disagreeing > Math.floor(ratios.length / ONE_IN)) return 'noise';
  return isMore === (figures[figure].better === 'more') ? 'faster' : 'slower';
}

/** What moved, a line each, the worst first. */
export function changeLines(changes: readonly Change[]): string[] {
  const told = changes.filter(({ verdict }) => verdict !== 'noise').toSorted((a, b) => cost(b) - cost(a));
  return told.map(({ title, contender, figure, before, after, ratio, between, verdict }) => {
    const { title: name, unit, digits } = figures[figure];
    const values = `${before.toFixed(digits)} → ${after.toFixed(digits)}${unit === '/s' ? '' : ` ${unit}`}`;
    const range = `rounds ${percent(between[0])} to ${percent(between[1])}`;
    return `${verdict}: ${title}: ${contender}: ${name} ${values}, ${percent(ratio)} (${range})`;
  });
}

/** How many times worse it is. */
function cost({ ratio, figure }: Change): number {
  return figures[figure].better === 'more' ? 1 / ratio : ratio;
}

function percent(ratio: number): string {
  const value = (ratio - 1) * 100;
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)} %`;
}
