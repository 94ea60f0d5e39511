import { readLine, timeOf } from './exchange.ts';
import { UsageError } from '../exit.ts';

/** All times are in microseconds: fractions of milliseconds stay whole numbers. */
export const PER_SECOND = 1_000_000;

/**
 * Reads when requests came out of lines: of seconds, one a line, or of aifd's own logs. The first line with a time tells
 * which. Logs are written as exchanges end, so their times are given all at the end, in order.
 */
export class RequestTimes {
  /** Lines of a log that are no request's. */
  passedOver = 0;
  private kind: 'seconds' | 'log' | undefined;
  private line = 0;
  private readonly logged: number[] = [];
  /** The first line that was no time, and its number, while it is not known what the lines are. */
  private odd: { readonly text: string; readonly line: number } | undefined;

  /**
   * @returns a time that is known to be next
   * @throws UsageError for a line without a time among seconds
   */
  add(text: string): number | undefined {
    this.line += 1;
    if (text.trim() === '') return undefined;
    const seconds = this.kind === 'log' ? undefined : secondsIn(text);
    if (seconds !== undefined && this.odd === undefined) {
      this.kind = 'seconds';
      return seconds;
    }
    if (this.kind === 'seconds' || seconds !== undefined)
      throw problem(this.odd ?? { text, line: this.line });
    const logged = loggedTime(text);
    if (logged !== undefined) {
      this.kind = 'log';
      this.logged.push(logged);
    } else {
      this.odd ??= { text, line: this.line };
      this.passedOver += 1;
    }
    return undefined;
  }

  /**
   * What is left when all lines were added.
   * @throws UsageError when there was no time at all
   */
  rest(): Float64Array {
    if (this.kind === undefined && this.odd !== undefined) throw problem(this.odd);
    return Float64Array.from(this.logged).toSorted();
  }
}

function problem({ text, line }: { readonly text: string; readonly line: number }): UsageError {
  return new UsageError(`line ${line} is no time in seconds: '${text.slice(0, 60)}'`);
}

function secondsIn(text: string): number | undefined {
  if (!/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(text)) return undefined;
  const time = Math.round(Number(text) * PER_SECOND);
  return Number.isSafeInteger(time) ? time : undefined;
}

const accessTime = /^\s*(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))(?!\S)/;
const jsonAccessTime = /^\{"time":"([^"]{20,40})"/;
/** A line of an access log that is about lines, and not about a request. */
const dropped = /^\S+ dropped=\d|^\{"time":"[^"]*","dropped":/;

/** When the request of a log's line came: of an access line (or its first column), or of a chat log's. */
function loggedTime(text: string): number | undefined {
  if (dropped.test(text)) return undefined;
  const written = (accessTime.exec(text) ?? jsonAccessTime.exec(text))?.[1];
  if (written !== undefined) return microseconds(Date.parse(written));
  const line = text.startsWith('{') ? readLine(text) : undefined;
  // The other line of an exchange is its answer.
  const request = line?.isRequest ? line : undefined;
  return request && microseconds(timeOf({ request }) ?? NaN);
}

function microseconds(ms: number): number | undefined {
  return Number.isNaN(ms) ? undefined : ms * 1000;
}
