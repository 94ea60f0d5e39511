import { duration } from '../../config/cache-kinds.ts';
import { Refused } from '../../config/kinds.ts';
import type { Flags } from '../../config/load.ts';
import { folderOf } from '../../record/chatlog/names.ts';
import { type Grammar, isHelp, readArguments, readSubcommand } from '../arguments.ts';
import { UsageError } from '../exit.ts';
import { type Filter, readFilter } from './filter.ts';
import { logKinds } from './folder.ts';

export type Form = 'readable' | 'raw' | 'json';

/** What `aifd logs tail` or `aifd logs search` is asked for. */
export interface LogArguments {
  readonly action: 'tail' | 'search';
  /** Where the logs are. */
  readonly flags: Pick<Flags, 'logDir' | 'envFile'>;
  readonly target: string | undefined;
  readonly kind: string | undefined;
  readonly filter: Filter;
  readonly form: Form;
  /** Exchanges of the past to show. */
  readonly count: number;
  readonly isFollowing: boolean;
  /** Milliseconds since the epoch. */
  readonly since: number | undefined;
  readonly text: string;
}

const shared = ['key', 'model', 'status', 'target', 'kind'];
const grammars = {
  tail: {
    command: 'logs tail',
    options: ['logDir'],
    values: [...shared, 'lines'],
    switches: ['follow', 'raw', 'json'],
    aliases: { n: 'lines', f: 'follow' },
  },
  search: {
    command: 'logs search',
    options: ['logDir'],
    values: [...shared, 'since'],
    switches: ['raw', 'json'],
    operand: { name: 'TEXT', isNeeded: true, hint: 'quote a text that has spaces' },
  },
} as const satisfies Record<string, Grammar>;

/**
 * Reads the arguments behind `aifd logs`.
 *
 * @returns undefined when help is asked for
 * @throws UsageError one line that says which argument
 */
export function readLogArguments([name, ...args]: readonly string[]): LogArguments | undefined {
  if (isHelp(name)) return undefined;
  const action = readSubcommand('logs', name, ['tail', 'search']);
  const { flags, values, switches, operand } = readArguments(args, grammars[action]);
  if (switches.has('help')) return undefined;
  if (switches.has('raw') && switches.has('json')) throw new UsageError('use --raw or --json, not both');
  if (operand === '') throw new UsageError('missing TEXT: see aifd logs search --help');
  const optional = <T>(option: string, read: (text: string) => T): T | undefined =>
    values.has(option) ? read(values.get(option)!) : undefined;
  return {
    action,
    flags,
    target: optional('target', readTarget),
    kind: optional('kind', readKind),
    filter: readFilter(values),
    form: switches.has('raw') ? 'raw' : switches.has('json') ? 'json' : 'readable',
    count: optional('lines', readCount) ?? 10,
    isFollowing: switches.has('follow'),
    since: optional('since', (text) => Date.now() - readTime(text) * 1000),
    text: operand ?? '',
  };
}

/** A route prefix, or the folder it has. */
function readTarget(text: string): string {
  const folder = folderOf(text.trim());
  if (folder === '.' || folder === '..') throw new UsageError(`--target is '${text}', and no route prefix`);
  return folder;
}

function readKind(text: string): string {
  const kind = text.toLowerCase();
  if (logKinds.some((known) => known === kind)) return kind;
  throw new UsageError(`--kind is '${text}'; accepted: ${logKinds.join(', ')}`);
}

function readCount(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new UsageError(`--lines is '${text}'; accepted: a whole number from 0 to 9999999`);
}

function readTime(text: string): number {
  const seconds = duration.parse(text);
  if (seconds instanceof Refused) throw new UsageError(`--since is '${text}'; accepted: ${duration.accepts}`);
  return seconds;
}
