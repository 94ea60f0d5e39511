/** One limit of a limit string. */
export interface Limit {
  readonly amount: number;
  readonly windowMs: number;
  /** As it was written, without the space around it: `100/2minutes`. */
  readonly text: string;
}

const unitMs = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  month: 30 * 86_400_000,
  year: 360 * 86_400_000,
} as const;
type Unit = keyof typeof unitMs;

/** Up to here (142,000 years) a time in milliseconds plus a window is still a whole number. */
const LONGEST_MS = 2 ** 52;

/** A limit string that can't be read. The message is one line. */
export class LimitSyntaxError extends Error {
  override readonly name = 'LimitSyntaxError';

  /**
   * @param text the whole string
   * @param position index in it from which on it can't be read; its length when something is missing at its end
   * @param expected what is accepted there
   */
  constructor(
    readonly text: string,
    readonly position: number,
    readonly expected: string,
  ) {
    const found = /^\s*(\w+|\S?)/.exec(text.slice(position))?.[1] || 'the end';
    const what = found === 'the end' ? found : `'${found}'`;
    super(`'${text}' can't be read from character ${position + 1} on: ${what} where ${expected} is expected`);
  }
}

/** Where the reading stands. */
interface Cursor {
  readonly text: string;
  at: number;
}

/**
 * Reads a limit string in the grammar of the Python library `limits` 3.7.0: `100/2minutes`, `10 per hour`,
 * several joined by `;`, `,` or `|`, any case. A month is 30 days, a year 360; `/0seconds` is `/1second` there
 * and so it is here. Amounts too large to count to exactly are the largest that can be.
 *
 * @returns one a limit, in their order; none for what starts with `inf` (as openai-forward has it): unlimited
 * @throws LimitSyntaxError
 */
export function parseLimit(text: string): Limit[] {
  if (/^\s*inf/i.test(text)) return [];
  const cursor: Cursor = { text, at: 0 };
  const limits = [parseOne(cursor)];
  while (cursor.at < text.length) {
    if (take(cursor, /[;,|]/y) === undefined) throw refuse(cursor, `';', ',', '|' or the end`);
    limits.push(parseOne(cursor));
  }
  return limits;
}

function parseOne(cursor: Cursor): Limit {
  take(cursor, /\s*/y);
  const start = cursor.at;
  const amount = take(cursor, /[0-9]+/y);
  if (amount === undefined) throw refuse(cursor, 'a whole number');
  if (take(cursor, /\s*(?:\/|per)/iy) === undefined) throw refuse(cursor, `'/' or 'per'`);
  const multiple = take(cursor, /\s*[0-9]+/y);
  take(cursor, /\s*/y);
  const unit = take(cursor, /(?:second|minute|hour|day|month|year)/iy);
  if (unit === undefined) {
    const or = multiple === undefined ? 'a whole number, ' : '';
    throw refuse(cursor, `${or}second, minute, hour, day, month or year`);
  }
  take(cursor, /s/iy);
  const written = cursor.text.slice(start, cursor.at);
  take(cursor, /\s*/y);
  const windowMs = (Number(multiple ?? 1) || 1) * unitMs[unit.toLowerCase() as Unit];
  return {
    amount: Math.min(Number(amount), Number.MAX_SAFE_INTEGER),
    windowMs: Math.min(windowMs, LONGEST_MS),
    text: written,
  };
}

/** Reads on by a sticky pattern where it matches. */
function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text)?.[0];
  if (found !== undefined) cursor.at += found.length;
  return found;
}

function refuse({ text, at }: Cursor, expected: string): LimitSyntaxError {
  // The space before what is wrong is not what is wrong.
  const space = /\s*/y;
  space.lastIndex = at;
  return new LimitSyntaxError(text, at + (space.exec(text)?.[0].length ?? 0), expected);
}
