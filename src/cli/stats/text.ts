import { type Figures, figure, HISTOGRAM } from '../../store/usage/figures.ts';
import { quantile } from '../../store/usage/histogram.ts';
import { tokensPerSecond, type UsageRecord } from '../../store/usage/store.ts';
import { columns } from '../cache/words.ts';
import { fitted } from '../width.ts';
import type { Grouped, Grouping } from './groups.ts';
import type { Clock } from './clock.ts';
import { dollars } from './rows.ts';
import { escapedLine } from '../../text/terminal.ts';
import { shownUser } from '../../store/user-digest.ts';

const WIDEST = 48;
const head = [
  'REQUESTS',
  'ERRORS',
  '429',
  'IN',
  'OUT',
  'CACHED',
  'REASONING',
  'COST',
  'SAVED',
  'P50',
  'P99',
  'TOK/S',
  'CACHE',
  'RETRIES',
];

/** A table for people, with what is not plain from it said below. */
export function tableOf({ groups, total }: Grouped, by: Grouping): string[] {
  const rows = groups.map(({ name, figures }) => [shownName(name, by), ...cells(figures)]);
  const table = columns(
    [[by.toUpperCase(), ...head], ...rows, ['total', ...cells(total)]],
    new Set(head.map((_, index) => index + 1)),
  );
  return [...table, ...notes(total)];
}

/** A key is a digest, of which ten characters are enough; an address is whole. */
export function shownName(name: string, by: Grouping): string {
  if (name === '') return '-';
  const shown = escapedLine(by === 'key' && name.startsWith('k:') ? name.slice(0, 12) : name);
  return fitted(shown, WIDEST);
}

function cells(figures: Figures): string[] {
  const of = (name: Parameters<typeof figure>[1]): number => figure(figures, name);
  const hits = of('hit') + of('stale') + of('collapsed');
  const asked = hits + of('miss');
  return [
    whole(of('requests')),
    whole(of('errors')),
    whole(of('limited')),
    whole(of('input')),
    whole(of('output')),
    whole(of('cached')),
    whole(of('reasoning')),
    money(of('cost') + of('costEstimated')) + (of('unpriced') > 0 ? '?' : ''),
    money(of('saved')),
    time(quantile(figures, 0.5, HISTOGRAM)),
    time(quantile(figures, 0.99, HISTOGRAM)),
    of('saying') === 0 ? '-' : ((of('said') * 1e6) / of('saying')).toFixed(1),
    asked === 0 ? '-' : `${Math.round((hits / asked) * 100)}%`,
    whole(of('retries')),
  ];
}

function notes(total: Figures): string[] {
  const lines: string[] = [];
  const unpriced = figure(total, 'unpriced');
  const estimated = figure(total, 'estimated');
  if (unpriced > 0)
    lines.push(
      `? the price of the model is not known for ${whole(unpriced)} requests, which are not in COST: set PRICES`,
    );
  if (estimated > 0) {
    const tokens = figure(total, 'inputEstimated') + figure(total, 'outputEstimated');
    lines.push(
      `${whole(estimated)} answers told of no usage; some ${whole(tokens)} tokens of theirs are not in IN and OUT`,
    );
  }
  return lines.length > 0 ? ['', ...lines] : [];
}

/** The last exchanges for people, the newest first. */
export function exchangesTable(records: readonly UsageRecord[], clock: Clock): string[] {
  const names = [
    'TIME',
    'KEY',
    'STATUS',
    'END',
    'IN',
    'OUT',
    'COST',
    'TOOK',
    'FIRST',
    'TOK/S',
    'CACHE',
    'RETRIES',
  ];
  const rows = records.map((record) => [
    clock.timeOf(record.at),
    shownName(shownUser(record.user), 'key'),
    String(record.status),
    record.end,
    tokens(record, record.input),
    tokens(record, record.output),
    record.cost === undefined ? (record.isUnpriced ? '?' : '-') : money(record.cost),
    time(record.durationMs),
    time(record.firstByteMs),
    tokensPerSecond(record)?.toFixed(1) ?? '-',
    record.cache ?? '-',
    String(record.retries),
    `${shownName(record.model, 'model')}  ${shownName(record.target, 'target')}${escapedLine(record.route)}`,
  ]);
  return columns([[...names, 'WHAT'], ...rows], new Set([2, 4, 5, 6, 7, 8, 9, 11]));
}

const tokens = ({ isReported }: UsageRecord, count: number | undefined): string =>
  count === undefined ? '-' : `${isReported ? '' : '~'}${whole(count)}`;

const whole = (value: number): string => value.toLocaleString('en');

/** Cents matter in large sums, thousandths of them in small ones. */
function money(billionths: number): string {
  const value = dollars(billionths);
  return `$${value.toFixed(value >= 100 ? 2 : value >= 1 || value === 0 ? 2 : 5)}`;
}

/** `0.8 ms`, `320 ms`, `2.4 s`. */
export function time(ms: number | undefined): string {
  if (ms === undefined) return '-';
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
