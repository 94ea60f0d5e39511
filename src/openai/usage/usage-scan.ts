import { type Fields, ownCounts, usageHolders } from './usage-counts.ts';

/** Characters of one value that are held. */
const MOST_VALUE = 64 * 1024;

/** Bytes of a string that are looked at one by one. */
const NEAR = 64;

/** No name of interest is longer. */
const LONGEST_NAME = 40;

const about = ['error', 'errors', 'error_code', 'base_resp', 'status', 'type', 'object', 'finish_reason'];

/** Fields whose values are read, by where they are: at a message's top, in an object there, in an object of `choices`. */
const atTop: ReadonlySet<string> = new Set([...usageHolders, ...ownCounts, ...about, 'x_groq', 'timings']);
const within: ReadonlySet<string> = new Set([...usageHolders, 'error', 'status']);
const inChoice: ReadonlySet<string> = new Set(['usage', 'error', 'finish_reason']);
const containers: ReadonlySet<string> = new Set(['response', 'message', 'delta']);

/**
 * Reads the few fields that matter for usage out of JSON of any length as it passes, without holding it: of one message,
 * of lines of them, of a list of them, or of an event's `data` lines. Time grows with the length only.
 */
export class UsageScan {
  private depth = 0;
  /** Whether the containers down to the fifth are lists. */
  private readonly isList: boolean[] = [];
  /** The names under which the containers stand, by depth. */
  private readonly names: string[] = [];
  private inString = false;
  private escaped = false;
  /** The last string, as a name may be; undefined where none can be one. */
  private string: string | undefined;
  /** The value that is held: what came of it, where it stands, and where it began in this piece. */
  private value: { text: string; depth: number; name: string; tooLong: boolean } | undefined;
  private valueFrom = 0;
  private message: Record<string, unknown> | undefined;

  /** @param take - given each message with the fields that matter, at its end */
  constructor(private readonly take: (message: Fields) => void) {}

  feed(bytes: Uint8Array): void {
    this.valueFrom = 0;
    const marks = new Marks(bytes);
    const { length } = bytes;
    let i = this.inString ? this.restOfString(bytes, marks, 0) : 0;
    while (i < length) {
      const byte = bytes[i]!;
      i++;
      if (isPlain[byte] === 1) continue;
      if (byte === QUOTE) {
        // Outside of messages there is text of other kinds: comments, names of events.
        if (this.depth === 0) continue;
        this.inString = true;
        this.string = '';
        i = this.restOfString(bytes, marks, i);
      } else if (byte === COLON) this.named(i);
      else if (byte === COMMA) this.valueEnded(bytes, i - 1);
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.opened(byte === OPEN_LIST);
      else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) this.closed(bytes, i - 1);
    }
    this.hold(bytes, bytes.length);
  }

  /** Gives the message that did not come to its end. */
  finish(): void {
    if (this.message) this.take(this.message);
    this.message = undefined;
  }

  /** How deep it is in a message: 1 is its top. */
  private get level(): number {
    return this.isList[1] ? this.depth - 1 : this.depth;
  }

  /** @returns where to go on: behind the quote, or at the end of the piece */
  private restOfString(bytes: Uint8Array, marks: Marks, from: number): number {
    const { length } = bytes;
    let at = this.escaped ? from + 1 : from;
    this.escaped = false;
    for (;;) {
      // Most strings are short; a call of native code costs as much as this.
      for (const near = Math.min(length, at + NEAR); at < near; at++) {
        const byte = bytes[at];
        if (byte === BACKSLASH) at++;
        else if (byte === QUOTE) {
          this.keepName(bytes, from, at);
          this.inString = false;
          return at + 1;
        }
      }
      if (at < length) at = Math.min(marks.quote(at), marks.backslash(at));
      if (at < length) continue;
      // A backslash was the last byte.
      this.escaped = at > length;
      this.keepName(bytes, from, length);
      return length;
    }
  }

  private keepName(bytes: Uint8Array, from: number, to: number): void {
    if (this.string === undefined) return;
    // A value that is held has no names of interest.
    const isShort = this.string.length + to - from <= LONGEST_NAME && this.level <= 3 && !this.value;
    this.string = isShort ? this.string + Buffer.prototype.latin1Slice.call(bytes, from, to) : undefined;
  }

  /** A colon: the last string is the name of the value behind it. */
  private named(from: number): void {
    const { string: name, level, depth, names, value } = this;
    this.string = undefined;
    if (name === undefined || value || level > 3 || this.isList[depth]) return;
    names[level] = name;
    if (!this.isWanted(name, level)) return;
    this.value = { text: '', depth, name, tooLong: false };
    this.valueFrom = from;
  }

  private isWanted(name: string, level: number): boolean {
    if (level === 1) return atTop.has(name);
    const [, top = ''] = this.names;
    if (level === 2) return containers.has(top) && within.has(name);
    return top === 'choices' && this.isList[this.depth - 1] === true && inChoice.has(name);
  }

  private opened(isList: boolean): void {
    this.depth++;
    this.string = undefined;
    if (this.depth <= 5) this.isList[this.depth] = isList;
    if (this.level === 1 && !isList) this.message = {};
  }

  private closed(bytes: Uint8Array, at: number): void {
    this.valueEnded(bytes, at);
    if (this.depth === 0) return;
    if (this.level === 1) this.finish();
    this.depth--;
  }

  private valueEnded(bytes: Uint8Array, at: number): void {
    this.string = undefined;
    const { value } = this;
    if (!value || value.depth !== this.depth) return;
    this.hold(bytes, at);
    this.value = undefined;
    if (!value.tooLong) this.put(value.name, parsed(value.text));
  }

  private hold(bytes: Uint8Array, to: number): void {
    const { value, valueFrom } = this;
    if (!value || value.tooLong) return;
    value.tooLong = value.text.length + to - valueFrom > MOST_VALUE;
    if (value.tooLong) value.text = '';
    else value.text += Buffer.prototype.latin1Slice.call(bytes, valueFrom, to);
  }

  private put(name: string, value: unknown): void {
    const { message, level, names } = this;
    if (!message || value === undefined || value === null) return;
    if (level === 1) message[name] = value;
    else if (level === 3) ((message['choices'] ??= []) as unknown[]).push({ [name]: value });
    else Object.assign((message[names[1]!] ??= {}) as object, { [name]: value });
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

/** Bytes that mean nothing outside of strings: digits, white space and the like. */
const isPlain = new Uint8Array(256).fill(1);
for (const byte of [QUOTE, COLON, COMMA, OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST]) isPlain[byte] = 0;

/** Where quotes and backslashes are, looked for natively and each once. */
class Marks {
  private quoteAt = -1;
  private backslashAt = -1;

  constructor(private readonly bytes: Uint8Array) {}

  /** The next from there on, else the end. Ask in rising order. */
  quote(from: number): number {
    if (this.quoteAt < from) this.quoteAt = this.find(QUOTE, from);
    return this.quoteAt;
  }

  backslash(from: number): number {
    if (this.backslashAt < from) this.backslashAt = this.find(BACKSLASH, from);
    return this.backslashAt;
  }

  private find(byte: number, from: number): number {
    const at = Buffer.prototype.indexOf.call(this.bytes, byte, from);
    return at < 0 ? this.bytes.length : at;
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
