import type { Definition } from './definitions.ts';

/** One metric's values at one moment: what processes tell each other. */
export interface FamilySnapshot {
  readonly name: string;
  readonly series: readonly SeriesSnapshot[];
}

export interface SeriesSnapshot {
  /** In the order of the definition. */
  readonly labels: readonly string[];
  /** Of a histogram: what fell into each bucket alone, the infinite one last, then the sum; else the value. */
  readonly values: readonly number[];
}

/** More label combinations than this are one: whatever comes, a scrape stays of some size. */
const MOST_SERIES = { counter: 2_000, gauge: 2_000, histogram: 500 };

/** One number, under one combination of labels. */
export class Cell {
  value = 0;
}

/** One histogram, under one combination of labels. */
export class Spread {
  sum = 0;
  readonly counts: Float64Array;
  private readonly bounds: Float64Array;

  constructor(buckets: readonly number[]) {
    this.bounds = Float64Array.from(buckets);
    this.counts = new Float64Array(buckets.length + 1);
  }

  observe(value: number): void {
    // A clock that went backwards, or a number that is none, must not spoil the sum for good.
    if (!(value >= 0 && value < Infinity)) return;
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    counts[bucket]!++;
    this.sum += value;
  }
}

/**
 * All series of one metric. Whoever counts keeps the series it got: to find one again by its labels is what costs
 * most, in a client library too, so the library only sees the numbers when it is asked for them.
 */
export class Family<Series extends Cell | Spread> {
  private readonly all = new Map<string, { readonly labels: readonly string[]; readonly series: Series }>();

  constructor(
    private readonly definition: Definition,
    private readonly create: (definition: Definition) => Series,
  ) {}

  /** The series under these labels, made when there is none. */
  with(...labels: readonly string[]): Series {
    const key = labels.join('\0');
    const known = this.all.get(key);
    if (known) return known.series;
    const others = labels.map(() => 'other');
    if (this.all.size >= MOST_SERIES[this.definition.type] && key !== others.join('\0'))
      return this.with(...others);
    const series = this.create(this.definition);
    this.all.set(key, { labels, series });
    return series;
  }

  snapshot(): FamilySnapshot {
    const all = [...this.all.values()];
    const series = all.map(({ labels, series: one }) => ({ labels, values: numbersOf(one) }));
    return { name: this.definition.name, series };
  }
}

export const counters = (definition: Definition): Family<Cell> => new Family(definition, () => new Cell());

export const histograms = (definition: Definition): Family<Spread> =>
  new Family(definition, ({ buckets = [] }) => new Spread(buckets));

function numbersOf(series: Cell | Spread): number[] {
  return series instanceof Cell ? [series.value] : [...series.counts, toMicros(series.sum)];
}

/**
 * To the millionth: what processes tell, and its sum, so that the sum is the same in whatever order it is made. Else one that
 * is smaller in its last bit would be a restart to Prometheus.
 */
export function toMicros(value: number): number {
  return Number.isInteger(value) ? value : Math.round(value * 1e6) / 1e6;
}
