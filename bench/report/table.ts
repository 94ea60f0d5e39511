import { figures } from './result.ts';
import type { Figure, FigureKind, Row } from './result.ts';

const kinds: Readonly<Record<Figure, FigureKind>> = figures;
const shown = (Object.keys(kinds) as Figure[]).filter((name) => !kinds[name].isDetail);

/** The rows as text, a block a scenario. */
export function table(rows: readonly Row[]): string {
  const blocks = Map.groupBy(rows, ({ scenario }) => scenario).values();
  return [...blocks].map(block).join('\n');
}

function block(rows: readonly Row[]): string {
  // A column that no contender has a value in only takes room.
  const used = shown.filter((name) => rows.some(({ median }) => median[name] !== undefined));
  const heads = used.map(
    (name) => `${figures[name].title}${figures[name].unit === '/s' ? '' : ` ${figures[name].unit}`}`,
  );
  const lines = rows.map(({ contender, median }) => [contender, ...used.map((name) => cell(median, name))]);
  const widths = ['', ...heads].map((head, i) =>
    Math.max(head.length, ...lines.map((line) => line[i]!.length)),
  );
  const text = (cells: readonly string[]): string =>
    cells.map((one, i) => (i === 0 ? one.padEnd(widths[i]!) : one.padStart(widths[i]!))).join('  ');
  return ['', rows[0]?.title ?? '', text(['', ...heads]), ...lines.map(text)].join('\n');
}

function cell(median: Row['median'], name: Figure): string {
  return median[name]?.toFixed(figures[name].digits) ?? '–';
}
