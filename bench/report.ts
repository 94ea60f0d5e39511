import { cpus, release } from 'node:os';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { percentile } from './load.ts';
import type { Sample } from './scenarios.ts';

/** One line of the table: the medians of one contender in one scenario, and the rounds behind them. */
export interface Row {
  scenario: string;
  contender: string;
  median: Sample;
  rounds: Sample[];
  /** CPU a request, as a multiple of HAProxy's in the same run. */
  cpuToHaproxy?: number;
}

/** Fills in each row's ratio to HAProxy's row of the same scenario, where there is one. */
export function compare(rows: Omit<Row, 'cpuToHaproxy'>[]): Row[] {
  return rows.map((row) => {
    const base = rows.find((other) => other.scenario === row.scenario && other.contender === 'haproxy');
    const cpuToHaproxy =
      base?.median.cpu && row.median.cpu !== undefined ? row.median.cpu / base.median.cpu : undefined;
    return { ...row, cpuToHaproxy };
  });
}

const columns = [
  '',
  'requests/s',
  'p50 ms',
  'p99 ms',
  'first p50',
  'first p99',
  'all started',
  'CPU µs',
  '× haproxy',
  'RSS MB',
];

/** The table as text, a block a scenario. */
export function table(rows: Row[]): string {
  const lines: string[] = [];
  for (const scenario of new Set(rows.map((row) => row.scenario))) {
    const cells = rows.filter((row) => row.scenario === scenario).map(cellsOf);
    // A column that no contender has a value in only takes room.
    const used = columns.flatMap((_, index) => (cells.some((row) => row[index] !== '–') ? [index] : []));
    const line = (row: string[]): string =>
      used.map((index) => (index === 0 ? row[index]?.padEnd(16) : row[index]?.padStart(12))).join('');
    lines.push('', scenario, line(columns), ...cells.map(line));
  }
  return lines.join('\n');
}

function cellsOf({ contender, median, cpuToHaproxy }: Row): string[] {
  const { rate, p50, p99, first50, first99, allStarted, cpu, rss } = median;
  // Where streams are held open, their length and rate are the upstream's choice, not a result.
  const held = allStarted !== undefined;
  return [
    contender,
    figure(held ? undefined : rate, 0),
    figure(held ? undefined : p50, 2),
    figure(held ? undefined : p99, 2),
    figure(first50, 2),
    figure(first99, 2),
    figure(allStarted, 0),
    figure(cpu, 1),
    figure(cpuToHaproxy, 2),
    figure(rss === undefined ? undefined : rss / 1e6, 1),
  ];
}

function figure(value: number | undefined, digits: number): string {
  return value === undefined ? '–' : value.toFixed(digits);
}

/** What limits add to a request, beside the same aifd without any. */
export interface Added {
  scenario: string;
  contender: string;
  /** Microseconds of aifd's own CPU a request. */
  cpu: number;
  /** Microseconds of median latency. */
  p50: number;
}

/** The medians of the differences within each pair of runs: what disturbs both of a pair falls out. */
export function addedByLimits(rows: readonly Row[]): Added[] {
  return rows.flatMap(({ scenario, contender, rounds }) => {
    if (!limitContenders.has(contender)) return [];
    const base = rows.find((other) => other.scenario === scenario && other.contender === 'aifd')?.rounds;
    if (!base || base.length !== rounds.length) return [];
    const median = (of: (sample: Sample) => number): number =>
      percentile(
        rounds.map((sample, i) => of(sample) - of(base[i]!)),
        0.5,
      );
    const cpu = median((sample) => sample.cpu ?? Number.NaN);
    return [{ scenario, contender, cpu, p50: 1000 * median((sample) => sample.p50) }];
  });
}

const limitContenders = new Set(['aifd+limits', 'aifd+redis']);

/** One line each, with the target where there is one. */
export function addedLines(added: readonly Added[]): string {
  return added.map((one) => `${one.scenario}: ${one.contender} adds ${addedFigures(one)}`).join('\n');
}

function addedFigures({ scenario, contender, cpu, p50 }: Added): string {
  const one = scenario.endsWith('1 connection');
  // With one connection at a time the CPU of a request is mostly waking up.
  const cpuTarget = contender === 'aifd+limits' && !one ? ' (target: < 10)' : '';
  const p50Target = contender === 'aifd+redis' && one ? ' (target: < 60)' : '';
  return `${signed(cpu)} µs of CPU a request${cpuTarget}, ${signed(p50)} µs at the median${p50Target}`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
}

/** What the figures depend on. */
export function surroundings(): {
  machine: Record<string, string | number>;
  versions: Record<string, string>;
} {
  const haproxy = Bun.which('haproxy') ? Bun.spawnSync(['haproxy', '-v']).stdout.toString() : '';
  return {
    machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, kernel: release() },
    versions: {
      aifd: manifest.version,
      bun: Bun.version,
      haproxy: /version (\S+)/.exec(haproxy)?.[1] ?? 'not on PATH',
    },
  };
}

/** Writes `bench/results/latest.json` and answers its path. */
export async function save(rows: Row[], limits: Added[], settings: object): Promise<string> {
  const file = join(import.meta.dir, 'results/latest.json');
  const result = { date: new Date().toISOString(), settings, ...surroundings(), rows, limits };
  await Bun.write(file, `${JSON.stringify(result, rounded, 2)}\n`);
  return file;
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
}
