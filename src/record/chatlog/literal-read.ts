import { floatOf, integerOf, MOST_DIGITS, type Value } from './literal-value.ts';
import { readEscape, simpleEscape } from './literal-escape.ts';

/** The text is no Python literal. */
export class LiteralSyntaxError extends Error {
  override readonly name = 'LiteralSyntaxError';
}

/** CPython has 200. */
const MOST_BRACKETS = 200;

/**
 * Reads a Python literal as `ast.literal_eval` does, strictly; those that JSON can hold: no sets, bytes and complex numbers.
 * Tuples are lists; dicts are Maps, in the order of the text.
 *
 * @throws LiteralSyntaxError
 */
export function readLiteral(text: string): Value {
  return new Reader(text).whole();
}

/** Pieces of an unescaped text that are held apart. */
const MOST_PIECES = 4096;

class Reader {
  private at = 0;
  private depth = 0;
  /** Where the next backslash is; those before `at` don't count. */
  private backslash = -1;

  constructor(private readonly text: string) {}

  whole(): Value {
    const value = this.value();
    if (this.next() !== COMMA) return this.ended(value);
    const items = [value];
    while (this.next() === COMMA) {
      this.at++;
      if (!Number.isNaN(this.next())) items.push(this.value());
    }
    return this.ended(items);
  }

  private ended(value: Value): Value {
    this.skip();
    if (this.at < this.text.length) throw this.wrong();
    return value;
  }

  private value(): Value {
    const unit = this.next();
    if (unit === SINGLE || unit === DOUBLE) return this.strings();
    if (unit === BRACE) return this.dict();
    if (unit === BRACKET) return this.list();
    if (unit === PARENTHESIS) return this.parenthesis();
    if (unit === PLUS || unit === MINUS || unit === DOT || isDigit(unit)) return this.signed();
    return this.word();
  }

  private word(): Value {
    word.lastIndex = this.at;
    const name = word.exec(this.text)?.[0] ?? '';
    const isPrefix = name.length === 1 && isStringPrefix(name.charCodeAt(0));
    if (isPrefix && isQuote(this.text.charCodeAt(this.at + 1))) return this.strings();
    this.at += name.length;
    if (name === 'None') return null;
    if (name === 'True') return true;
    if (name === 'False') return false;
    throw this.wrong();
  }

  private signed(): Value {
    const sign = this.text[this.at]!;
    if (sign !== '-' && sign !== '+') return this.number('');
    this.at++;
    this.next();
    return this.number(sign === '-' ? '-' : '');
  }

  private number(sign: string): Value {
    // Fast path: an integer, which nearly all are.
    short.lastIndex = this.at;
    const found = short.exec(this.text)?.[0];
    if (found !== undefined) {
      this.at += found.length;
      return found === '0' ? 0 : Number(sign + found);
    }
    number.lastIndex = this.at;
    const [text = '', based, point, exponent] = number.exec(this.text) ?? [];
    const digits = text.replaceAll('_', '');
    if (digits === '' || digits === '.' || /^[.]?e/i.test(digits)) throw this.wrong();
    this.at += text.length;
    if (based !== undefined) return integerOf(String(BigInt(digits) * (sign === '-' ? -1n : 1n)));
    if (point !== undefined || exponent !== undefined) return floatOf(Number(sign + digits));
    if (digits.length > MOST_DIGITS || /^0+[1-9]/.test(digits)) throw this.wrong();
    return integerOf(sign + digits);
  }

  private list(): Value {
    this.open();
    return this.itemsUntil(CLOSE_BRACKET, []);
  }

  private parenthesis(): Value {
    this.open();
    if (this.next() === CLOSE_PARENTHESIS) return this.close([]);
    const first = this.value();
    if (this.next() === CLOSE_PARENTHESIS) return this.close(first);
    if (this.next() !== COMMA) throw this.wrong();
    this.at++;
    return this.itemsUntil(CLOSE_PARENTHESIS, [first]);
  }

  private itemsUntil(close: number, items: Value[]): Value[] {
    while (this.next() !== close) {
      items.push(this.value());
      if (this.next() === COMMA) this.at++;
      else if (this.next() !== close) throw this.wrong();
    }
    return this.close(items);
  }

  private dict(): Value {
    const map = new Map<Value, Value>();
    this.open();
    while (this.next() !== CLOSE_BRACE) {
      const key = this.value();
      if (typeof key === 'object' && key !== null) throw this.wrong();
      if (this.next() !== COLON) throw this.wrong();
      this.at++;
      map.set(key, this.value());
      if (this.next() === COMMA) this.at++;
      else if (this.next() !== CLOSE_BRACE) throw this.wrong();
    }
    return this.close(map);
  }

  private open(): void {
    this.at++;
    if (++this.depth > MOST_BRACKETS) throw this.wrong();
  }

  private close<Kind extends Value>(value: Kind): Kind {
    this.depth--;
    this.at++;
    return value;
  }

  /** One or more in a row: they are one text. */
  private strings(): string {
    let joined = this.string();
    for (;;) {
      const unit = this.next();
      const isPrefix = isStringPrefix(unit) && isQuote(this.text.charCodeAt(this.at + 1));
      if (!isQuote(unit) && !isPrefix) return joined;
      joined += this.string();
    }
  }

  private string(): string {
    const { text } = this;
    const prefix = isQuote(text.charCodeAt(this.at)) ? '' : text[this.at++]!;
    const one = text[this.at]!;
    const isTriple = text[this.at + 1] === one && text[this.at + 2] === one;
    const quote = isTriple ? one.repeat(3) : one;
    const start = this.at + quote.length;
    const hasEscapes = this.backslashFrom(start);
    const end = this.endOfString(quote, start);
    this.at = end + quote.length;
    const inside = text.slice(start, end);
    if (!isTriple && hasLineEnd(inside) && endsLine.test(inside)) throw this.wrong();
    return hasEscapes >= end || prefix === 'r' || prefix === 'R' ? inside : this.unescaped(inside);
  }

  private endOfString(quote: string, start: number): number {
    let from = start;
    for (;;) {
      const end = this.text.indexOf(quote, from);
      if (end < 0) throw this.wrong();
      // Whatever follows a backslash does not end the text.
      while (this.backslashFrom(from) < end) from = this.backslash + 2;
      if (from <= end) return end;
    }
  }

  /** Where the first backslash is that is not before `from`, which must not go back; Infinity when there is none. */
  private backslashFrom(from: number): number {
    if (this.backslash < from) {
      const found = this.text.indexOf('\\', from);
      this.backslash = found < 0 ? Infinity : found;
    }
    return this.backslash;
  }

  private unescaped(inside: string): string {
    const chunks: string[] = [];
    let chunk = '';
    let pieces = 0;
    let start = 0;
    for (let at = inside.indexOf('\\'); at >= 0; at = inside.indexOf('\\', start)) {
      if (at > start) chunk += inside.slice(start, at);
      // Fast path, without an object: nearly all are of one letter.
      const simple = simpleEscape(inside, at + 1);
      const escape = simple === undefined ? readEscape(inside, at + 1) : undefined;
      if (simple === undefined && escape === undefined) throw this.wrong();
      chunk += simple ?? escape!.text;
      start = escape?.end ?? at + 2;
      if (++pieces % MOST_PIECES !== 0) continue;
      // To look at it makes one text of the pieces: each takes 64 bytes until then.
      chunk.charCodeAt(0);
      chunks.push(chunk);
      chunk = '';
    }
    return chunks.join('') + chunk + inside.slice(start);
  }

  /** Steps over white space. @returns the unit there; NaN at the end */
  private next(): number {
    this.skip();
    return this.text.charCodeAt(this.at);
  }

  private skip(): void {
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x09 && unit !== 0x0d && unit !== 0x0c) return;
      this.at++;
    }
  }

  private wrong(): LiteralSyntaxError {
    const { at, text } = this;
    return new LiteralSyntaxError(
      at < text.length
        ? `not a Python literal from character ${at + 1} on`
        : 'not a Python literal: it ends too early',
    );
  }
}

const SINGLE = 0x27;
const DOUBLE = 0x22;
const BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const PARENTHESIS = 0x28;
const CLOSE_PARENTHESIS = 0x29;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const COMMA = 0x2c;
const COLON = 0x3a;

const word = /\w+/y;
/** A line's end that no backslash is before. */
const endsLine = /(?<!\\)[\r\n]/;
/** With a base other than ten (1), with what makes a float (2, 3), or a plain integer; no name may follow. */
const number =
  /(?:(0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+)|(?:\d+(?:_\d+)*)?(?:(\.)(?:\d+(?:_\d+)*)?)?([eE][+-]?\d+(?:_\d+)*)?)(?![\w.])/y;

const short = /(?:0|[1-9]\d{0,14})(?![\w.])/y;

function isStringPrefix(unit: number): boolean {
  return unit === 0x72 || unit === 0x52 || unit === 0x75 || unit === 0x55;
}

function hasLineEnd(text: string): boolean {
  return text.includes('\n') || text.includes('\r');
}

function isQuote(unit: number): boolean {
  return unit === SINGLE || unit === DOUBLE;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}
