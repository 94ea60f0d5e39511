import type { Listed } from '../../store/entries/store.ts';
import { exitCodes } from '../exit.ts';
import type { Action } from './action.ts';
import { isExpired } from './filters.ts';
import type { Opened } from './open.ts';
import { columns, size, span } from './words.ts';
import { escapedLine, safeJson } from '../../text/terminal.ts';

interface Group {
  readonly model: string;
  readonly route: string;
  entries: number;
  bytes: number;
}

/** What there is, counted. Times are milliseconds since the epoch. */
interface Counted {
  entries: number;
  bytes: number;
  expired: number;
  oldest: number;
  newest: number;
  readonly groups: Map<string, Group>;
}

export const stats: Action = {
  summary: 'how much is kept, and of what',
  usage: '[--json]',
  help: [['--json', 'Print JSON']],
  grammar: { switches: ['json'] },
  prepare:
    ({ switches }) =>
    async (opened, out) => {
      const counted = await count(opened.store.list(), Date.now());
      await out.line(switches.has('json') ? asJson(opened, counted) : asText(opened, counted));
      return exitCodes.clean;
    },
};

async function count(list: AsyncIterable<Listed>, now: number): Promise<Counted> {
  const all: Counted = { entries: 0, bytes: 0, expired: 0, oldest: Infinity, newest: 0, groups: new Map() };
  for await (const { about, size: bytes } of list) {
    const { model, route, storedAt } = about;
    const name = JSON.stringify([model, route]);
    let group = all.groups.get(name);
    if (group === undefined) all.groups.set(name, (group = { model, route, entries: 0, bytes: 0 }));
    group.entries += 1;
    group.bytes += bytes;
    all.entries += 1;
    all.bytes += bytes;
    if (isExpired(about, now)) all.expired += 1;
    all.oldest = Math.min(all.oldest, storedAt);
    all.newest = Math.max(all.newest, storedAt);
  }
  return all;
}

const bySize = ({ groups }: Counted): Group[] => [...groups.values()].toSorted((a, b) => b.bytes - a.bytes);

function asJson({ backend, where, maxSize, pids }: Opened, counted: Counted): string {
  const { entries, bytes, expired, oldest, newest } = counted;
  const time = (at: number): string | null => (entries === 0 ? null : new Date(at).toISOString());
  const summary = { backend, where, pids, entries, bytes, maxSize, expired };
  const times = { oldest: time(oldest), newest: time(newest) };
  return safeJson({ ...summary, ...times, groups: bySize(counted) }, 2);
}

const number = (value: number): string => value.toLocaleString('en');

function asText({ backend, where, maxSize, pids }: Opened, counted: Counted): string {
  const now = Date.now();
  const { entries, bytes, expired, oldest, newest } = counted;
  const ago = (at: number): string => (entries === 0 ? '-' : `${span(now - at)} ago`);
  const top = columns([
    ['backend', backend],
    ['where', where],
    ['entries', number(entries)],
    [
      'size',
      `${size(bytes)} of ${size(maxSize)}${pids.length > 1 ? ` in each of ${pids.length} processes` : ''}`,
    ],
    ['oldest', ago(oldest)],
    ['newest', ago(newest)],
    ['expired', number(expired)],
  ]);
  if (entries === 0) return top.join('\n');
  const rows = bySize(counted).map((group) => [
    number(group.entries),
    size(group.bytes),
    escapedLine(group.model) || '-',
    escapedLine(group.route),
  ]);
  const table = columns([['ENTRIES', 'SIZE', 'MODEL', 'ROUTE'], ...rows], new Set([0, 1]));
  return [...top, '', ...table].join('\n');
}
