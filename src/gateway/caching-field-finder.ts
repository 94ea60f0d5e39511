/** A part of a body, by offsets in all its bytes. */
export interface Cut {
  readonly start: number;
  readonly end: number;
}

const NAME = 'caching';
/** Bytes that a key may have between its quotes and still be ours: each letter an escape. */
const LONGEST_KEY = NAME.length * 6;
/** Bytes held back before a key, at most: its comma and white space. Nobody indents as far. */
const MOST_HELD = 4096;

/** Bytes looked at one by one before the search is left to `indexOf`, which pays for itself behind that. */
const NEAR = 16;

const BOM = [0xef, 0xbb, 0xbf];
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * What is next: the object's brace, a member's key, more of that key, the rest of a key that is too long for ours, the
 * colon, a value, more of a string, of an array or object, of a number or word, then what is behind a value; and
 * nothing any more.
 */
type State =
  | 'start'
  | 'member'
  | 'key'
  | 'longKey'
  | 'colon'
  | 'value'
  | 'string'
  | 'nested'
  | 'scalar'
  | 'behind'
  | 'done';

/**
 * Finds the members named "caching" of a JSON object, not those of its members, in bytes that come in pieces cut
 * anywhere. Holds none of them but a key. What is no JSON object, or stops being one, has none from there on.
 *
 * A member goes with one comma: the one before it if any member stays before it, else the one behind it.
 */
export class CachingFinder {
  /** What is to go, found by the last {@link scan}: in order, without overlap. A member may be in several. */
  cuts: Cut[] = [];
  /** Where the last such member's value began; -1 when it has none. */
  valueStart = -1;
  /** Where it ended, or the end of what came. */
  valueEnd = -1;

  private state: State = 'start';
  private chunk: Uint8Array = new Uint8Array();
  /** Bytes before this chunk. */
  private base = 0;
  private depth = 0;
  /** The chunk before ended between a backslash and what it escapes. */
  private escaped = false;
  private readonly key: number[] = [];
  private keyStart = -1;
  /** The comma before the next key, while it may have to go. */
  private comma = -1;
  /** Where our member began, or what of it isn't cut yet. */
  private removing = -1;
  /** A member stays before the next one, and no comma that stays is between them. */
  private needsComma = false;
  /** Next in this chunk, its length when there is none, -1 when not sought yet. */
  private quote = -1;
  private slash = -1;

  /** True when no byte that is still to come can be ours. */
  get done(): boolean {
    return this.state === 'done';
  }

  /** The first byte that can't be told yet to stay or to go: it is in one of the last few thousand, or the end. */
  get decided(): number {
    if (this.comma >= 0) return this.comma;
    return this.state === 'key' ? this.keyStart : this.base;
  }

  scan(chunk: Uint8Array): void {
    this.chunk = chunk;
    this.cuts = [];
    this.quote = -1;
    this.slash = -1;
    let at = 0;
    while (at < chunk.length && this.state !== 'done') at = this.step(at);
    this.base += chunk.length;
    if (this.removing >= 0) this.cutMember(this.base);
    if (this.comma >= 0 && this.base - this.comma > MOST_HELD) {
      // It goes on. Should the key be ours, the comma behind that goes.
      this.comma = -1;
      this.needsComma = false;
    }
  }

  /** @returns where the next token, or what is left of this one, begins; a chunk's length and more at its end */
  private step(at: number): number {
    switch (this.state) {
      case 'key':
        return this.inKey(at);
      case 'longKey':
      case 'string':
        return this.inString(at);
      case 'nested':
        return this.inNested(at);
      case 'scalar':
        return this.inScalar(at);
      default:
        return this.between(at);
    }
  }

  /** At what may be white space between two tokens of the object. */
  private between(at: number): number {
    const byte = this.chunk[at]!;
    if (isSpace(byte)) return at + 1;
    switch (this.state) {
      case 'start':
        return this.begin(byte, at);
      case 'member':
        return this.beginKey(byte, at);
      case 'colon':
        if (byte !== COLON) this.endValue(at);
        this.state = byte === COLON ? 'value' : 'done';
        return at + 1;
      case 'value':
        return this.beginValue(byte, at);
      default:
        return this.goOn(byte, at);
    }
  }

  private begin(byte: number, at: number): number {
    if (byte === OPEN_BRACE) this.state = 'member';
    else if (byte !== BOM[this.base + at]) this.state = 'done';
    return at + 1;
  }

  private beginKey(byte: number, at: number): number {
    if (byte !== QUOTE) return this.stop(at);
    this.state = 'key';
    this.key.length = 0;
    this.keyStart = this.base + at;
    return at + 1;
  }

  private inKey(from: number): number {
    const { chunk, key } = this;
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte === QUOTE && !this.escaped) {
        this.endKey(spellsName(key));
        return at + 1;
      }
      this.escaped = byte === BACKSLASH && !this.escaped;
      key.push(byte);
      if (key.length <= LONGEST_KEY) continue;
      this.endKey(false);
      this.state = 'longKey';
      return at + 1;
    }
    return chunk.length;
  }

  private endKey(isOurs: boolean): void {
    this.state = 'colon';
    if (isOurs) {
      this.valueStart = -1;
      if (this.comma >= 0) this.cuts.push({ start: this.comma, end: this.comma + 1 });
      this.removing = this.keyStart;
    } else this.needsComma = true;
    this.comma = -1;
  }

  private beginValue(byte: number, at: number): number {
    if (this.removing >= 0) this.valueStart = this.base + at;
    if (byte === QUOTE) this.state = 'string';
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      this.state = 'nested';
      this.depth = 1;
    } else {
      this.state = 'scalar';
      this.depth = 0;
      return at;
    }
    return at + 1;
  }

  /** Behind a value. */
  private goOn(byte: number, at: number): number {
    if (byte !== COMMA) return this.stop(at);
    this.state = 'member';
    const offset = this.base + at;
    if (this.needsComma) this.comma = offset;
    // Ours was the last, and what comes next needs none.
    else this.cuts.push({ start: offset, end: offset + 1 });
    return at + 1;
  }

  /** At the object's end, or at what has no place in one. */
  private stop(at: number): number {
    this.state = 'done';
    this.comma = -1;
    return at;
  }

  /** In a string: a key, a value, or within a value. */
  private inString(from: number): number {
    const at = this.stringEnd(from);
    if (at < 0) return this.chunk.length;
    if (this.state === 'longKey') this.state = 'colon';
    else if (this.depth > 0) this.state = 'nested';
    else this.endValue(at);
    return at;
  }

  /** @returns where the string has ended, behind its quote; -1 when it goes on in the next chunk */
  private stringEnd(from: number): number {
    const { chunk } = this;
    let at = from;
    if (this.escaped) at++;
    this.escaped = false;
    for (;;) {
      const near = Math.min(chunk.length, at + NEAR);
      while (at < near) {
        const byte = chunk[at++]!;
        if (byte === QUOTE) return at;
        if (byte === BACKSLASH) at++;
      }
      if (at < chunk.length) at = this.leap(at);
      if (at < chunk.length) continue;
      this.escaped = at > chunk.length;
      return -1;
    }
  }

  /** Where the next quote or backslash is; each is sought but once, or long strings with many would take for ever. */
  private leap(at: number): number {
    if (this.quote < at) this.quote = this.indexOf(QUOTE, at);
    if (this.slash < at) this.slash = this.indexOf(BACKSLASH, at);
    return Math.min(this.quote, this.slash);
  }

  private indexOf(byte: number, from: number): number {
    const index = this.chunk.indexOf(byte, from);
    return index === -1 ? this.chunk.length : index;
  }

  private inNested(from: number): number {
    const { chunk } = this;
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte === QUOTE) {
        const end = this.stringEnd(at + 1);
        if (end < 0) {
          this.state = 'string';
          break;
        }
        at = end - 1;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.depth++;
      else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --this.depth === 0) {
        this.endValue(at + 1);
        return at + 1;
      }
    }
    return chunk.length;
  }

  private inScalar(from: number): number {
    const { chunk } = this;
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (byte !== COMMA && byte !== CLOSE_BRACE && !isSpace(byte)) continue;
      this.endValue(at);
      return at;
    }
    return chunk.length;
  }

  /** @param at - in this chunk, behind the value, or behind a key that has none */
  private endValue(at: number): void {
    this.state = 'behind';
    this.depth = 0;
    if (this.removing >= 0) this.cutMember(this.base + at);
    this.removing = -1;
  }

  private cutMember(end: number): void {
    this.cuts.push({ start: this.removing, end });
    this.removing = end;
    this.valueEnd = end;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** @param key - bytes between the quotes of a key */
function spellsName(key: readonly number[]): boolean {
  if (key.length < NAME.length) return false;
  const text = String.fromCharCode(...key);
  if (!text.includes('\\')) return text === NAME;
  try {
    return JSON.parse(`"${text}"`) === NAME;
  } catch {
    return false;
  }
}
