import { figure as short } from './chart/bars.ts';
import { lossesOf } from './losses.ts';
import { type Figure, type FigureKind, figures, type Result, type Row } from './result.ts';
import { reachedTargets } from './targets.ts';

/** A table in Markdown. @param others - how all columns but the first are set: numbers to the right */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  others: '--:' | '---' = '--:',
): string {
  const rule = head.map((_, i) => (i === 0 ? '---' : others));
  return [head, rule, ...rows].map(tableLine).join('\n');
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

const kinds: Readonly<Record<Figure, FigureKind>> = figures;
/** The others are in the result's file. */
const shown = (Object.keys(kinds) as Figure[]).filter((name) => !kinds[name].isDetail);

/** Figures whose spread is worth its room. */
const spreadShown: ReadonlySet<Figure> = new Set(['rate', 'p50', 'cpu']);

/** All figures of a run, a table a scenario. */
export function figureTables(rows: readonly Row[]): string {
  const scenarios = Map.groupBy(rows, ({ scenario }) => scenario).values();
  return [...scenarios].map((own) => `#### ${own[0]!.title}\n\n${figureTable(own)}`).join('\n\n');
}

function figureTable(rows: readonly Row[]): string {
  const used = shown.filter((name) => rows.some(({ median }) => median[name] !== undefined));
  const head = ['', ...used.map((name) => headOf(name))];
  return markdownTable(
    head,
    rows.map((row) => [row.contender, ...used.map((name) => cellOf(row, name))]),
  );
}

function headOf(name: Figure): string {
  const { title, unit } = figures[name];
  return unit === '/s' || unit === '×' ? title : `${title}, ${unit}`;
}

function cellOf({ median, spread }: Row, name: Figure): string {
  const value = median[name];
  if (value === undefined) return '–';
  const { digits } = figures[name];
  const range = spread[name];
  const text = value.toFixed(digits);
  if (!spreadShown.has(name) || range === undefined || range[0] === range[1]) return text;
  return `${text} <sub>${range[0].toFixed(digits)}–${range[1].toFixed(digits)}</sub>`;
}

/** The targets against what was reached. */
export function targetTable({ rows }: Pick<Result, 'rows'>, everything: string): string {
  const lines = reachedTargets(rows, everything).map(({ text, wanted, better, unit, value, isMet }) => [
    text,
    `${better === 'more' ? '≥' : '≤'} ${wanted} ${unit}`,
    value === undefined ? 'not in this run' : `${short(value)} ${unit}`,
    isMet === undefined ? '–' : isMet ? 'yes' : '**no**',
  ]);
  return markdownTable(['', 'target', 'reached', 'met'], lines);
}

/** Where others are better: a line for each scenario and form of aifd, the best of the others beside each figure. */
export function lossTable({ rows }: Pick<Result, 'rows'>, everything: string): string {
  const losses = Map.groupBy(lossesOf(rows, everything), ({ aifd }) => aifd);
  if (losses.size === 0) return 'None in this run.';
  const lines = [...losses].map(([aifd, own]) => {
    const cases = own.map(({ figure, ahead: [best] }) => {
      const [ours, theirs] = [aifd.median[figure]!, best!.value].map((value) => figureText(value, figure));
      return `${headOf(figure)} ${ours} (${best!.contender} ${theirs}, ${best!.times.toFixed(1)} ×)`;
    });
    return [aifd.title, aifd.contender, cases.join('; ')];
  });
  return markdownTable(['', '', 'figure (the best other)'], lines, '---');
}

const figureText = (value: number, name: Figure): string => value.toFixed(figures[name].digits);

function list(of: Readonly<Record<string, unknown>>): string {
  return Object.entries(of)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}

/** What a run ran on, and who could not take part. */
export function setupText({ date, command, settings, machine, versions, missing, failures }: Result): string {
  return [
    `\`${command}\`, ${date.slice(0, 10)}; ${list(settings)}. Machine: ${list(machine)}. Versions: ${list(versions)}.`,
    ...missing.map(({ contender, why }) => `Not there: ${contender} (${why}).`),
    ...failures.map(({ scenario, contender, problem }) => `Failed: ${contender} in ${scenario}: ${problem}.`),
  ].join('\n');
}
