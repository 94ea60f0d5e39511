import type { Listed } from '../../store/entries/store.ts';
import { exitCodes } from '../exit.ts';
import { type Action, filterHelp } from './action.ts';
import { filterSwitches, filterValues, readFilter, select } from './filters.ts';
import { padded, widthOf } from '../width.ts';
import { left, shortKey, shortUser, size, span } from './words.ts';
import { escapedLine, safeJson } from '../../text/terminal.ts';

/** Models of so many entries say how wide their column is: a line is written before the next is made. */
const LOOKED_AT = 500;
const WIDEST_MODEL = 40;

export const list: Action = {
  summary: 'a line an entry, the last used first',
  usage: '[FILTER] [--json]',
  help: [...filterHelp, ['--json', 'Print a JSON object a line']],
  grammar: { values: filterValues, switches: [...filterSwitches, 'json'] },
  prepare: (args) => {
    const filter = readFilter(args);
    const isJson = args.switches.has('json');
    return async ({ store }, out) => {
      const found = (await select(store, filter)).toSorted((a, b) => b.usedAt - a.usedAt);
      const now = Date.now();
      const widths = [12, 5, 5, 8, 10, modelWidth(found)];
      if (!isJson) await out.line(row(['ID', 'AGE', 'LEFT', 'SIZE', 'USER', 'MODEL', 'ROUTE'], widths));
      for (const listed of found) {
        const cells = isJson ? safeJson(listed) : row(cellsOf(listed, now), widths);
        if (!(await out.line(cells))) break;
      }
      return exitCodes.clean;
    };
  },
};

function modelWidth(found: readonly Listed[]): number {
  const lengths = found.slice(0, LOOKED_AT).map(({ about }) => widthOf(escapedLine(about.model)));
  return Math.min(WIDEST_MODEL, Math.max(5, ...lengths));
}

function cellsOf({ key, about, size: bytes }: Listed, now: number): string[] {
  const { model, route, user, storedAt, expiresAt } = about;
  const age = span(now - storedAt);
  return [
    shortKey(key),
    age,
    left(expiresAt, now),
    size(bytes),
    shortUser(user),
    escapedLine(model) || '-',
    escapedLine(route),
  ];
}

const row = (cells: readonly string[], widths: readonly number[]): string =>
  cells.map((cell, index) => padded(cell, widths[index] ?? 0)).join('  ');
