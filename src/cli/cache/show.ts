import type { Entry, EntryStore } from '../../store/entries/store.ts';
import { exitCodes, UsageError } from '../exit.ts';
import type { Action } from './action.ts';
import { readId } from './filters.ts';
import { findOne } from './find.ts';
import { CacheProblem } from './problem.ts';
import { chatText, readable } from './readable.ts';
import { columns, span } from './words.ts';
import { escapedLine, safeJson } from '../../text/terminal.ts';
import { shownUser } from '../../store/user-digest.ts';

export const show: Action = {
  summary: 'one entry: what was asked, and the answer',
  usage: 'ID [--raw | --json]',
  help: [
    ['ID', 'As aifd cache list shows it, or an unambiguous beginning'],
    ['--raw', "Write the answer's bytes and no more"],
    ['--json', 'Print it all as a JSON object; text as text, other bytes as base64'],
  ],
  grammar: { switches: ['raw', 'json'], operand: { name: 'ID', isNeeded: true } },
  prepare: ({ operand, switches }) => {
    const start = readId(operand!, 'ID');
    if (switches.has('raw') && switches.has('json')) throw new UsageError('use --raw or --json, not both');
    return async ({ store }, out) => {
      const { key, entry } = await entryOf(store, start);
      if (switches.has('raw')) await out.write(entry.body);
      else await out.line(switches.has('json') ? asJson(key, entry) : asText(key, entry));
      return exitCodes.clean;
    };
  },
};

async function entryOf(store: EntryStore, start: string): Promise<{ key: string; entry: Entry }> {
  // A whole key needs no search.
  const key = start.length === 32 ? start : (await findOne(store, start)).key;
  const entry = await store.get(key);
  if (entry === undefined) throw new CacheProblem(`no entry has the ID ${key}`);
  return { key, entry };
}

function asText(key: string, entry: Entry): string {
  const { about, headers, request, body } = entry;
  const now = Date.now();
  const { storedAt, expiresAt } = about;
  const end = (): string => {
    if (expiresAt === 0) return 'never';
    const by = expiresAt > now ? `in ${span(expiresAt - now)}` : `${span(now - expiresAt)} ago`;
    return `${dateOf(expiresAt)} (${by})`;
  };
  const top = columns([
    ['id', key],
    ['route', escapedLine(about.route)],
    ['model', escapedLine(about.model) || '-'],
    ['target', escapedLine(about.target)],
    ['user', escapedLine(shownUser(about.user)) || '-'],
    ['stored', `${dateOf(storedAt)} (${span(now - storedAt)} ago)`],
    ['expires', end()],
  ]);
  const fields = headers.map(([name, value]) => `${escapedLine(name)}: ${escapedLine(value)}`);
  const text = chatText(entry);
  const sections = [
    top.join('\n'),
    `REQUEST\n${readable(request)}`,
    ...(text === undefined ? [] : [`TEXT\n${text}`]),
    `ANSWER\n${[...fields, ''].join('\n')}\n${readable(body).trimEnd()}`,
  ];
  return sections.join('\n\n');
}

/** A number where no date says it. */
function dateOf(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}

function asJson(key: string, { about, headers, request, body }: Entry): string {
  return safeJson({ key, ...about, headers, request: asValue(request), answer: asValue(body) }, 2);
}

function asValue(bytes: Uint8Array): { text: string } | { base64: string } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = buffer.toString();
  return Buffer.from(text).equals(buffer) ? { text } : { base64: buffer.toString('base64') };
}
