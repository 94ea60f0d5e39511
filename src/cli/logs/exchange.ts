import { memberOf } from '../../record/chatlog/literal-value.ts';
import { countsOf } from '../../openai/usage/usage-counts.ts';
import { type Fields, readFields } from '../chatlog/fields.ts';
import type { Log } from './folder.ts';

/** One line as it was read. */
export interface LogLine extends Fields {
  readonly text: string;
}

/** A question and what came of it; one of both may be missing. */
export interface LoggedExchange {
  readonly log: Log;
  readonly request: LogLine | undefined;
  readonly answer: LogLine | undefined;
}

/** @returns undefined for a line that is none of a log */
export function readLine(text: string): LogLine | undefined {
  try {
    return { text, ...readFields(text) };
  } catch {
    return undefined;
  }
}

export function together(log: Log, lines: readonly LogLine[]): LoggedExchange {
  return {
    log,
    request: lines.find(({ isRequest }) => isRequest),
    answer: lines.find(({ isRequest }) => !isRequest),
  };
}

/** Milliseconds since the epoch; undefined when the line has no time. */
export function timeOf(exchange: Pick<LoggedExchange, 'request'>): number | undefined {
  return instantOf(exchange) ?? localTimeOf(exchange);
}

/** What lines of the original and of older versions do not have: they are read as times of this machine's zone. */
export function instantOf({ request }: Pick<LoggedExchange, 'request'>): number | undefined {
  const text = textMember(request, 'time');
  if (text === undefined || !/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

function localTimeOf({ request }: Pick<LoggedExchange, 'request'>): number | undefined {
  const text = textMember(request, 'datetime');
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)/.exec(text ?? '') ?? [];
  if (year === undefined) return undefined;
  const time = [hour, minute, second].map(Number) as [number, number, number];
  return new Date(Number(year), Number(month) - 1, Number(day), ...time).getTime();
}

export function modelOf({ request, answer }: LoggedExchange): string {
  return textMember(request, 'model') ?? textMember(answer, 'model') ?? '';
}

/** The client's status; undefined in logs of the original. */
export function statusOf({ request, answer }: LoggedExchange): number | undefined {
  const status = memberOf(request?.fields, 'status') ?? memberOf(answer?.fields, 'status');
  return typeof status === 'number' ? status : undefined;
}

/** The digest of the key it came with, else its address. */
export function userOf({ request }: LoggedExchange): string {
  return textMember(request, 'key') ?? textMember(request, 'ip') ?? '';
}

export function keyOf({ request }: LoggedExchange): string {
  return textMember(request, 'key') ?? '';
}

export interface LoggedTokens {
  readonly input: number | undefined;
  readonly output: number | undefined;
}

export function tokensOf({ answer }: LoggedExchange): LoggedTokens {
  const counts = countsOf(plain(memberOf(answer?.fields, 'usage')));
  return { input: counts?.input, output: counts?.output };
}

/** Python's literals are read as maps. */
function plain(value: unknown): unknown {
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([name, each]) => [String(name), plain(each)]));
}

export function textMember(line: LogLine | undefined, name: string): string | undefined {
  const value = memberOf(line?.fields, name);
  return typeof value === 'string' ? value : undefined;
}
