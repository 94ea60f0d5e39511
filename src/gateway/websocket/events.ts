const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Bytes of one message that are looked at one by one: a longer walk would hold up other clients. */
const MOST_WALKED = 4 * 1024 * 1024;
/** What a string costs beside its bytes, and one with escapes that is decoded, in such bytes. */
const MEMBER_COST = 32;
const ESCAPE_COST = 1000;
/** Bytes at the end of an event where its type is searched, when the walk was given up. */
const TAIL = 64 * 1024;
/** Bytes of a string that are looked at before the rest is searched. */
const NEAR = 16;

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
  // A copy: the turn is recorded after its end, and the runtime may use a message's memory again.
  const bytes = Buffer.from(message as string);
  const type = memberText(bytes, 0, bytes.length, 'type', true);
  return type === CREATE || type === null ? bytes : undefined;
}

/** The type of a server's event; undefined for what has none. Costs a look at the first members only, in any order. */
export function eventType(data: Buffer, start: number, end: number): string | undefined {
  const type = memberText(data, start, end, 'type', false);
  if (type !== null) return type;
  // What is so nested comes before the type.
  const event = data.subarray(Math.max(start, end - TAIL), end);
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
export function memberText(
  data: Buffer,
  start: number,
  end: number,
  name: string,
  last: boolean,
): string | undefined | null {
  const walk = new Walk(data, skipMark(data, start), end);
  let found: string | undefined;
  if (walk.token() !== OPEN_BRACE) return undefined;
  do {
    walk.at++;
    if (walk.token() !== QUOTE) break;
    const isSought = walk.takeString(name.length) === name;
    if (walk.token() !== COLON) break;
    walk.at++;
    if (walk.token() === QUOTE) {
      const text = walk.takeString(isSought ? LONGEST_TEXT : -1);
      if (isSought) found = text;
    } else {
      if (isSought) found = undefined;
      walk.skipValue();
    }
    if (walk.left < 0) return null;
    if (isSought && !last) break;
  } while (walk.token() === COMMA);
  return found;
}

/** A walk over the tokens of JSON, which ends early when it has cost too much. */
class Walk {
  /** What it may still cost: about a byte that is looked at. */
  left = MOST_WALKED;

  constructor(
    private readonly data: Buffer,
    public at: number,
    private readonly end: number,
  ) {}

  /** The next byte that is no white space; undefined at the end. */
  token(): number | undefined {
    const { data, end } = this;
    while (this.at < end) {
      const byte = data[this.at]!;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.at++;
      this.left--;
    }
    return undefined;
  }

  /**
   * Goes behind the string at whose opening quote it stands.
   * @param most - its text is wanted where it has up to so many characters, however they are escaped
   */
  takeString(most: number): string | undefined {
    const start = this.at + 1;
    this.skipString();
    const end = this.at - 1;
    this.left -= MEMBER_COST;
    if (end - start > 6 * most || this.left < 0) return undefined;
    const text = Buffer.prototype.utf8Slice.call(this.data, start, end);
    if (!text.includes('\\')) return text;
    this.left -= ESCAPE_COST;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      return text;
    }
  }

  /** Goes behind a value that is no string. */
  skipValue(): void {
    const { data, end } = this;
    const from = this.at;
    let depth = 0;
    while (this.at < end) {
      const byte = data[this.at]!;
      if (byte === QUOTE) {
        this.skipString();
        this.left -= MEMBER_COST;
        continue;
      }
      const closes = byte === CLOSE_BRACE || byte === CLOSE_BRACKET;
      // Behind a number or word, or at the bracket of the object itself.
      if (depth === 0 && (closes || byte === COMMA)) return;
      this.at++;
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      else if (closes && --depth === 0) return;
      if (this.at - from > this.left) break;
    }
    this.left -= this.at - from;
  }

  /** Goes behind the string at whose opening quote it stands. What is long is searched, what is dense looked at. */
  private skipString(): void {
    const { data, end } = this;
    let at = this.at + 1;
    for (let look = NEAR; at < end && this.left >= 0; look *= 2) {
      const near = Math.min(end, at + look);
      this.left -= near - at;
      while (at < near) {
        const byte = data[at++]!;
        if (byte === QUOTE) return void (this.at = at);
        if (byte === BACKSLASH) at++;
      }
      const quote = data.indexOf(QUOTE, at);
      if (quote < 0 || quote >= end) break;
      let slashes = 0;
      while (quote - slashes > at && data[quote - slashes - 1] === BACKSLASH) slashes++;
      at = quote + 1;
      if (slashes % 2 === 0) return void (this.at = at);
    }
    this.at = end;
  }
}

/** Behind a byte order mark. */
function skipMark(data: Buffer, from: number): number {
  return data[from] === 0xef && data[from + 1] === 0xbb && data[from + 2] === 0xbf ? from + 3 : from;
}
