import { duration } from '../../config/cache-kinds.ts';
import { Refused } from '../../config/kinds.ts';
import type { Flags } from '../../config/load.ts';
import { nearest } from '../../config/nearest.ts';
import { folderOf } from '../../gateway/record/chatlog/names.ts';
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

const shared = ['log-dir', 'env-file', 'key', 'model', 'status', 'target', 'kind'];
const values = { tail: [...shared, 'lines'], search: [...shared, 'since'] };
const switches = { tail: ['follow', 'raw', 'json'], search: ['raw', 'json'] };
const short: Readonly<Record<string, string>> = { '-n': '--lines', '-f': '--follow' };

/** @throws UsageError one line that says which argument */
export function readArguments([action, ...args]: readonly string[]): LogArguments {
  if (action !== 'tail' && action !== 'search') throw noAction(action);
  const given = new Map<string, string>();
  const operands: string[] = [];
  const rest = [...args];
  let isOver = false;
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (isOver || !arg.startsWith('-') || arg === '-') operands.push(arg);
    else if (arg === '--') isOver = true;
    else readOption(action, arg, rest, given);
  }
  if (given.has('raw') && given.has('json')) throw new UsageError('--raw and --json exclude each other');
  return {
    action,
    flags: {
      ...(given.has('log-dir') && { logDir: given.get('log-dir')! }),
      ...(given.has('env-file') && { envFile: given.get('env-file')! }),
    },
    target: given.has('target') ? readTarget(given.get('target')!) : undefined,
    kind: given.has('kind') ? readKind(given.get('kind')!) : undefined,
    filter: readFilter(given),
    form: given.has('raw') ? 'raw' : given.has('json') ? 'json' : 'readable',
    count: given.has('lines') ? readCount(given.get('lines')!) : 10,
    isFollowing: given.has('follow'),
    since: given.has('since') ? Date.now() - readTime(given.get('since')!) * 1000 : undefined,
    text: readText(action, operands),
  };
}

function readOption(
  action: 'tail' | 'search',
  arg: string,
  rest: string[],
  given: Map<string, string>,
): void {
  const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
  const flag = equals < 0 ? arg : arg.slice(0, equals);
  const inline = equals < 0 ? undefined : arg.slice(equals + 1);
  const name = (short[flag] ?? flag).slice(2);
  const isValue = values[action].includes(name) && (flag.startsWith('--') || flag in short);
  const isSwitch = switches[action].includes(name) && (flag.startsWith('--') || flag in short);
  if (!isValue && !isSwitch) throw unknownOption(action, flag);
  if (given.has(name)) throw new UsageError(`--${name} is there twice`);
  if (isSwitch && inline !== undefined) throw new UsageError(`${flag} takes no value`);
  const next = isSwitch ? 'true' : (inline ?? valueOf(flag, rest));
  if (next.trim() === '') throw new UsageError(`${flag} needs a value`);
  given.set(name, next);
}

function valueOf(flag: string, rest: string[]): string {
  const next = rest.shift();
  if (next === undefined || next.startsWith('-')) throw new UsageError(`${flag} needs a value`);
  return next;
}

function noAction(action: string | undefined): UsageError {
  if (action === undefined) return new UsageError('what to do? aifd logs tail|search');
  if (action.startsWith('-')) return new UsageError('an action comes first: aifd logs tail|search');
  const meant = nearest(action, ['tail', 'search']);
  return new UsageError(
    `there is no 'logs ${action}': ${meant === undefined ? 'see aifd logs --help' : `did you mean ${meant}?`}`,
  );
}

function unknownOption(action: 'tail' | 'search', flag: string): UsageError {
  const known = [...values[action], ...switches[action], 'help'].map((name) => `--${name}`);
  const meant = nearest(flag, known);
  return new UsageError(
    `there is no option ${flag}: ${meant === undefined ? 'see aifd logs --help' : `did you mean ${meant}?`}`,
  );
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

function readText(action: 'tail' | 'search', operands: readonly string[]): string {
  const [text, tooMany] = action === 'tail' ? [undefined, operands[0]] : operands;
  if (tooMany !== undefined) {
    const hint = action === 'search' ? ': quote a text that has spaces' : '';
    throw new UsageError(`'${tooMany}' is one argument too many${hint}`);
  }
  if (action === 'search' && (text === undefined || text === '')) {
    throw new UsageError("a text is needed: aifd logs search 'what was said'");
  }
  return text ?? '';
}
