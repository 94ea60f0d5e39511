const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Bytes of nested values that are walked in one message; a longer walk would hold up other clients. */
const MOST_WALKED = 4 * 1024 * 1024;

const CREATE = 'response.create';
/** In JSON, letters and dots can be hidden by this escape only. */
const ESCAPE = '\\u';

/** Characters of an event's type or id. */
const LONGEST_TEXT = 200;

/** Server events that end a response: Realtime has the first, the Responses API the others. */
const ends: ReadonlySet<string> = new Set([
  'response.done',
  'response.completed',
  'response.failed',
  'response.incomplete',
  'response.cancelled',
]);
const endNames = [...ends].map((type) => [type, Buffer.from(`"${type}"`)] as const);

/** Whether a server event of this type ends a response. */
export function endsResponse(type: string): boolean {
  return ends.has(type);
}

/**
 * Whether a client's message is a `response.create` event, the start of a turn. Most messages are ruled out by one search in
 * native code. Where two members are called `type`, the last one counts, as in JSON.parse; a message too nested to be
 * walked counts as one.
 * @returns the message's bytes when it is
 */
export function turnAsked(message: string | Buffer): Buffer | undefined {
  if (!message.includes(CREATE) && !message.includes(ESCAPE)) return undefined;
  const bytes = typeof message === 'string' ? Buffer.from(message) : message;
  const type = memberText(bytes, 0, bytes.length, 'type', true);
  return type === CREATE || type === null ? bytes : undefined;
}

/** The type of a server's event; undefined for what has none. Costs a look at the first members only, in any order. */
export function eventType(data: Buffer, start: number, end: number): string | undefined {
  const type = memberText(data, start, end, 'type', false);
  if (type !== null) return type;
  const event = data.subarray(start, end);
  return endNames.find(([, name]) => event.includes(name))?.[0];
}

/** The event's id that a client gave it; undefined when it gave none. */
export function eventId(bytes: Buffer): string | undefined {
  return memberText(bytes, 0, bytes.length, 'event_id', true) ?? undefined;
}

/**
 * A top-level member of a JSON object, where it is a string. Reads tokens and parses nothing: long strings (audio) are skipped
 * in native code.
 * @param last - reads on for a later member of the same name
 * @returns undefined when there is none; null when the walk was given up
 */
function memberText(
  data: Buffer,
  start: number,
  end: number,
  name: string,
  last: boolean,
): string | undefined | null {
  let at = skipSpace(data, skipMark(data, start));
  let found: string | undefined;
  if (data[at] !== OPEN_BRACE) return undefined;
  const limit = Math.min(end, at + MOST_WALKED);
  for (at = skipSpace(data, at + 1); at < end && data[at] === QUOTE; at = skipSpace(data, at + 1)) {
    const nameEnd = stringEnd(data, at + 1, end);
    const isSought = textOf(data, at + 1, nameEnd, name.length) === name;
    at = skipSpace(data, nameEnd + 1);
    if (data[at] !== COLON) return found;
    at = skipSpace(data, at + 1);
    if (data[at] === QUOTE) {
      const textEnd = stringEnd(data, at + 1, end);
      if (isSought) found = textOf(data, at + 1, textEnd, LONGEST_TEXT);
      at = textEnd + 1;
    } else {
      if (isSought) found = undefined;
      at = valueEnd(data, at, end, limit);
      if (at < 0) return null;
    }
    if (isSought && !last) return found;
    at = skipSpace(data, at);
    if (data[at] !== COMMA) return found;
  }
  return found;
}

/** A string between its quotes; undefined when it has more than `most` characters, however they are escaped. */
function textOf(data: Buffer, start: number, end: number, most: number): string | undefined {
  if (end - start > 6 * most) return undefined;
  const text = data.toString('utf8', start, end);
  if (!text.includes('\\')) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}

/** Where the string that begins at `from` has its closing quote; `end` when it has none. */
function stringEnd(data: Buffer, from: number, end: number): number {
  for (let at = from; ; at++) {
    at = data.indexOf(QUOTE, at);
    if (at < 0 || at >= end) return end;
    let slashes = 0;
    while (at - slashes > from && data[at - slashes - 1] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at;
  }
}

/** Behind a value that is no string; -1 when that lies behind `limit`. */
function valueEnd(data: Buffer, from: number, end: number, limit: number): number {
  let depth = 0;
  for (let at = from; at < end; at++) {
    if (at > limit) return -1;
    const byte = data[at]!;
    if (byte === QUOTE) at = stringEnd(data, at + 1, end);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      // The bracket of the object itself.
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (byte === COMMA && depth === 0) return at;
  }
  return end;
}

function skipSpace(data: Buffer, from: number): number {
  let at = from;
  while (data[at] === 0x20 || data[at] === 0x0a || data[at] === 0x0d || data[at] === 0x09) at++;
  return at;
}

/** Behind a byte order mark. */
function skipMark(data: Buffer, from: number): number {
  return data[from] === 0xef && data[from + 1] === 0xbb && data[from + 2] === 0xbf ? from + 3 : from;
}
