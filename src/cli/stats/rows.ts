import { type Figures, figure, type FigureName, figureNames, HISTOGRAM } from '../../store/usage/figures.ts';
import { quantile } from '../../store/usage/histogram.ts';
import { escapedLine } from '../../text/terminal.ts';
import { tokensPerSecond, type UsageRecord } from '../../store/usage/store.ts';
import { shownUser } from '../../store/user-digest.ts';

/** Numbers of one row by their names, for programs. Times in ms, money in dollars. null: there is nothing to tell. */
export type Row = Record<string, string | number | boolean | null>;

const inDollars: ReadonlySet<FigureName> = new Set(['cost', 'costEstimated', 'saved']);
/** Sums that nobody can read; what is made of them is there. */
const raw: ReadonlySet<FigureName> = new Set(['duration', 'firstByte', 'firstBytes', 'said', 'saying']);

/** Billionths as a number of dollars. */
export const dollars = (billionths: number): number => billionths / 1e9;

/** All there is to a group. */
export function rowOfFigures(figures: Figures): Row {
  const row: Row = {};
  for (const name of figureNames) {
    if (raw.has(name)) continue;
    const value = figure(figures, name);
    row[name] = inDollars.has(name) ? dollars(value) : value;
  }
  const mean = (sum: FigureName, count: FigureName): number | null =>
    ratio(figure(figures, sum) / 1000, figure(figures, count));
  row['durationMeanMs'] = mean('duration', 'requests');
  row['durationP50Ms'] = rounded(quantile(figures, 0.5, HISTOGRAM));
  row['durationP99Ms'] = rounded(quantile(figures, 0.99, HISTOGRAM));
  row['firstByteMeanMs'] = mean('firstByte', 'firstBytes');
  row['tokensPerSecond'] = ratio(figure(figures, 'said') * 1e6, figure(figures, 'saying'));
  return row;
}

/** All there is to an exchange. */
export function rowOfRecord(record: UsageRecord): Row {
  return {
    time: new Date(record.at).toISOString(),
    key: shownUser(record.user),
    target: record.target,
    route: record.route,
    model: record.model,
    status: record.status,
    end: record.end,
    stream: record.stream,
    input: record.input ?? null,
    output: record.output ?? null,
    cached: record.cached ?? null,
    reasoning: record.reasoning ?? null,
    isEstimate: (record.input ?? record.output) !== undefined && !record.isReported,
    cost: record.cost === undefined ? null : dollars(record.cost),
    saved: dollars(record.saved),
    durationMs: record.durationMs,
    firstByteMs: record.firstByteMs ?? null,
    tokensPerSecond: rounded(tokensPerSecond(record)),
    cache: record.cache ?? null,
    retries: record.retries,
  };
}

function ratio(sum: number, count: number): number | null {
  return count === 0 ? null : rounded(sum / count);
}

const rounded = (value: number | undefined): number | null =>
  value === undefined ? null : Math.round(value * 1000) / 1000;

/** Rows as CSV (RFC 4180), the names first. */
export function csvLines(rows: readonly Row[], names: readonly string[]): string[] {
  return [names.join(','), ...rows.map((row) => names.map((name) => cell(row[name] ?? null)).join(','))];
}

function cell(value: Row[string]): string {
  if (value === null) return '';
  if (typeof value === 'number') return plainNumber(value);
  const text = escapedLine(String(value));
  // A client named the model: a table program must not take it for a formula.
  const safe = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Never `1e-7`. */
const plainNumber = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(9).replace(/0+$/, '');
