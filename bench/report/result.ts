/** How one kind of figure is named and read. */
export interface FigureKind {
  /** As the head of a column. */
  title: string;
  unit: '/s' | 'ms' | 'µs' | '×' | 'MB' | '%';
  digits: number;
  better: 'more' | 'less';
  /** Kept, but not in the table on the terminal. */
  isDetail?: boolean;
}

/**
 * Every figure that a cell (one scenario, one contender, one round) may have. Times are kept in milliseconds, CPU in
 * microseconds a request, memory in megabytes (of a million bytes). First: to the first byte of the answer's body.
 */
export const figures = {
  rate: { title: 'requests/s', unit: '/s', digits: 0, better: 'more' },
  p50: { title: 'p50', unit: 'ms', digits: 3, better: 'less' },
  p99: { title: 'p99', unit: 'ms', digits: 3, better: 'less' },
  p999: { title: 'p99.9', unit: 'ms', digits: 3, better: 'less' },
  first50: { title: 'first p50', unit: 'ms', digits: 3, better: 'less' },
  first99: { title: 'first p99', unit: 'ms', digits: 3, better: 'less' },
  gap50: { title: 'gap p50', unit: 'ms', digits: 3, better: 'less', isDetail: true },
  gap99: { title: 'gap p99', unit: 'ms', digits: 3, better: 'less' },
  gapMax: { title: 'gap max', unit: 'ms', digits: 1, better: 'less' },
  allStarted: { title: 'all started', unit: 'ms', digits: 0, better: 'less' },
  cpu: { title: 'CPU', unit: 'µs', digits: 1, better: 'less' },
  /** Over the same figure of `haproxy` in the same round; so are `added…` over `direct`. */
  cpuToHaproxy: { title: 'CPU to HAProxy', unit: '×', digits: 2, better: 'less' },
  addedP50: { title: 'added p50', unit: 'ms', digits: 3, better: 'less' },
  addedP99: { title: 'added p99', unit: 'ms', digits: 3, better: 'less', isDetail: true },
  addedFirst50: { title: 'added first p50', unit: 'ms', digits: 3, better: 'less' },
  /** Over bare aifd in the same round: what a feature costs. */
  cpuOverBare: { title: 'CPU over bare', unit: 'µs', digits: 1, better: 'less' },
  p50OverBare: { title: 'p50 over bare', unit: 'ms', digits: 3, better: 'less' },
  rss: { title: 'RSS', unit: 'MB', digits: 1, better: 'less' },
  /** Of it pages of files, which the kernel takes back when somebody needs them: programs, and what LMDB maps. */
  rssFile: { title: 'of it file pages', unit: 'MB', digits: 1, better: 'less' },
  rssAtRest: { title: 'RSS at rest', unit: 'MB', digits: 1, better: 'less' },
  /** From the start of its process to its first answer. */
  start: { title: 'start', unit: 'ms', digits: 0, better: 'less' },
  /** How much of one processor the contender used; where that is well under 100 it was not the limit. */
  busy: { title: 'busy', unit: '%', digits: 0, better: 'less' },
  /** The same of load and upstream together; where that is near 100 they were the limit. */
  loadBusy: { title: 'load busy', unit: '%', digits: 0, better: 'less', isDetail: true },
  /** How much of one processor something else used meanwhile; what that disturbs is measured again once. */
  others: { title: 'others', unit: '%', digits: 0, better: 'less', isDetail: true },
  /** What the load itself used a request. */
  loadCpu: { title: 'load CPU', unit: 'µs', digits: 1, better: 'less', isDetail: true },
  /** How late the load sent what was due at a fixed rate. */
  late99: { title: 'sent late p99', unit: 'ms', digits: 3, better: 'less', isDetail: true },
} as const satisfies Record<string, FigureKind>;

export type Figure = keyof typeof figures;

/** What one run of one scenario on one contender gave. */
export type Sample = Partial<Record<Figure, number>>;

/** One contender in one scenario: a line of a table. */
export interface Row {
  /** Stable, never shown: what runs of different days are compared by. */
  scenario: string;
  /** The scenario as people read it. */
  title: string;
  /** What `--only` takes. */
  group: string;
  contender: string;
  features: 'off' | 'on';
  median: Sample;
  /** The least and the greatest of the rounds. */
  spread: Partial<Record<Figure, [min: number, max: number]>>;
}

/** A row together with the rounds it comes from. Only medians and spreads are saved. */
export interface MeasuredRow extends Row {
  rounds: Sample[];
}

/** A cell without figures, because an answer in it was wrong or late. */
export interface Failure {
  scenario: string;
  contender: string;
  problem: string;
}

/** One run of the bench, as `bench/results/*.json` keeps it. */
export interface Result {
  date: string;
  /** The command line that gave it. */
  command: string;
  settings: Readonly<Record<string, string | number | boolean>>;
  machine: Readonly<Record<string, string | number>>;
  versions: Readonly<Record<string, string>>;
  rows: Row[];
  failures: Failure[];
  /** Contenders that could not take part, and why. */
  missing: { contender: string; why: string }[];
}

/** Each figure's median over the rounds. */
export function medians(rounds: readonly Sample[]): Sample {
  return Object.fromEntries(figuresOf(rounds).map((name) => [name, medianOf(valuesOf(rounds, name))]));
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[upper]! : (sorted[upper - 1]! + sorted[upper]!) / 2;
}

/** Each figure's least and greatest over the rounds. */
export function spreads(rounds: readonly Sample[]): Row['spread'] {
  return Object.fromEntries(
    figuresOf(rounds).map((name) => {
      const values = valuesOf(rounds, name);
      return [name, [Math.min(...values), Math.max(...values)]];
    }),
  );
}

function figuresOf(rounds: readonly Sample[]): Figure[] {
  // One that a round lacks (too few answers for a percentile, say) can't be compared with others.
  return (Object.keys(figures) as Figure[]).filter((name) => valuesOf(rounds, name).length === rounds.length);
}

function valuesOf(rounds: readonly Sample[], name: Figure): number[] {
  return rounds.map((sample) => sample[name]).filter((value) => value !== undefined);
}
