import { jsonText } from '../../record/chatlog/literal-json.ts';
import { zonedTime } from '../../record/chatlog/lines-time.ts';
import { memberOf } from '../../record/chatlog/literal-value.ts';
import { answerOf, questionOf } from '../../record/print/print-question.ts';
import { safeLine, safeText } from '../../text/terminal.ts';
import { fitted, padded, widthOf } from '../width.ts';
import type { Form } from './arguments.ts';
import {
  type LoggedExchange,
  type LogLine,
  instantOf,
  keyOf,
  modelOf,
  statusOf,
  textMember,
  timeOf,
  tokensOf,
  userOf,
} from './exchange.ts';

/** How exchanges are shown. */
export interface Showing {
  readonly form: Form;
  /** Standard output is a terminal: nothing in it may be obeyed. */
  readonly isTerminal: boolean;
  readonly width: number;
  /** Marks what was searched for. */
  readonly mark: (text: string) => string;
}

/** Text that was searched for; without it, the first words are shown. */
export type Found = RegExp | undefined;

/** One exchange as lines without the last line's end. */
export function shown(exchange: LoggedExchange, showing: Showing, found: Found): string {
  if (showing.form === 'raw') return raw(exchange, showing);
  if (showing.form === 'json') return terminalSafe(asJson(exchange), showing);
  return readable(exchange, showing, found);
}

function raw({ request, answer }: LoggedExchange, showing: Showing): string {
  const lines = [request, answer].filter((line) => line !== undefined);
  return lines.map(({ text }) => terminalSafe(text, showing)).join('\n');
}

function terminalSafe(text: string, { isTerminal }: Showing): string {
  return isTerminal ? safeText(text) : text;
}

function asJson(exchange: LoggedExchange): string {
  const { log, request, answer } = exchange;
  const time = timeOf(exchange);
  return jsonText({
    time: time === undefined ? null : new Date(time).toISOString(),
    target: log.target,
    kind: log.kind,
    key: keyOf(exchange) || null,
    model: modelOf(exchange) || null,
    status: statusOf(exchange) ?? null,
    tokens: new Map(Object.entries(tokensOf(exchange)).map(([name, count]) => [name, count ?? null])),
    request: request?.fields ?? null,
    answer: answer?.fields ?? null,
  });
}

const SHORT_USER = 10;
const WIDEST_MODEL = 24;
/** What is left for words on a narrow terminal. */
const LEAST_WORDS = 40;

function readable(exchange: LoggedExchange, { width, mark }: Showing, found: Found): string {
  const { input, output } = tokensOf(exchange);
  const tokens = input === undefined && output === undefined ? '-' : `${input ?? '?'}+${output ?? '?'}`;
  const head = [
    shownTime(exchange).padEnd(26),
    (safeLine(userOf(exchange)).slice(0, SHORT_USER) || '-').padEnd(SHORT_USER),
    padded(fitted(safeLine(modelOf(exchange)), WIDEST_MODEL) || '-', WIDEST_MODEL),
    String(statusOf(exchange) ?? '-').padEnd(3),
    tokens.padEnd(9),
  ].join('  ');
  const room = Math.max(LEAST_WORDS, width - widthOf(head) - 6);
  const asked = safeLine(questionOf(exchange.request?.fields)).trim();
  const said = outcome(exchange);
  const first = excerpt(asked, Math.floor(room / 2), found);
  const second = excerpt(said, room - widthOf(first), found);
  const other = found && !found.test(asked) && !found.test(said) ? elsewhere(exchange, found, room) : '';
  return mark(`${head}  ${first} → ${second}${other}`);
}

/** Local time with its zone; as it was written where the line does not tell which zone that was. */
function shownTime(exchange: LoggedExchange): string {
  const at = instantOf(exchange);
  if (at !== undefined) return zonedTime(at);
  return safeLine(textMember(exchange.request, 'datetime') ?? '-').slice(0, 19);
}

function outcome({ request, answer }: LoggedExchange): string {
  if (answer !== undefined) return safeLine(answerOf(answer.fields)).trim();
  const error = memberOf(request?.fields, 'error');
  const message = memberOf(error, 'message');
  const reason =
    typeof message === 'string' ? message : (textMember(request, 'code') ?? textMember(request, 'end'));
  return `(no answer${reason === undefined ? '' : `: ${safeLine(reason)}`})`;
}

/** The piece around what was found, else the beginning. */
function excerpt(text: string, length: number, found: Found): string {
  const at = found === undefined ? -1 : text.search(found);
  if (at < 0 || at < length - 20) return fitted(text.slice(0, 4 * length), length);
  const start = whole(text, Math.max(0, at - Math.floor(length / 3)));
  return `…${fitted(text.slice(start, start + 2 * length), length - 1)}`;
}

/** Where it is neither in the last question nor the answer: an earlier message, a tool, an id. */
function elsewhere({ request, answer }: LoggedExchange, found: RegExp, room: number): string {
  const text = textsOf(request)
    .concat(textsOf(answer))
    .find((each) => found.test(each));
  return text === undefined ? '' : ` (${excerpt(safeLine(text), Math.min(room, 80), found)})`;
}

export function textsOf(line: LogLine | undefined): string[] {
  const texts: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (value instanceof Map) for (const item of value.values()) collect(item);
    else if (typeof value === 'object' && value !== null)
      for (const item of Object.values(value)) collect(item);
  };
  collect(line?.fields);
  return texts;
}

/** A place that is not within a character. */
function whole(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
