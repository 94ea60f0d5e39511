import { DEEPEST, type TextFilter } from './literal.ts';
import { Float, floatOf, integerOf, type Value } from './literal-value.ts';

/**
 * JSON that JSON.parse does not read as Python does: floats without a fraction, integers beyond 2^53, names that are numbers
 * (JavaScript puts those first). May be found where there is none, in a text that reads so. No two runs in it can match the
 * same text: it takes no more time than the text is long.
 */
const needsExactness = /[:[,]\s*-?(?:\d{16}|\d{1,15}(?:\.0+\s*[,}\]]|(?:\.\d*)?[eE]))|"\d+"\s*:/;
/** One number is a document too. */
const startsLikeNumber = /^\s*-?\d/;

/**
 * Reads JSON so that nothing is lost of it: by JSON.parse where that is enough, else into Maps and {@link Float}s.
 *
 * @param plain - what JSON.parse makes of it, where that is known
 * @throws SyntaxError
 */
export function readJson(text: string, plain: unknown = JSON.parse(text)): unknown {
  return needsExactness.test(text) || startsLikeNumber.test(text) ? new ExactReader(text).value() : plain;
}

/** Reads JSON into Maps always. @throws SyntaxError */
export function readJsonExactly(text: string): Value {
  JSON.parse(text);
  return new ExactReader(text).value();
}

/** Reads what JSON.parse has found to be JSON. */
class ExactReader {
  private at = 0;

  constructor(private readonly text: string) {}

  value(): Value {
    this.skip();
    const { text } = this;
    const first = text[this.at];
    if (first === '"') return this.string();
    if (first === '{') return this.object();
    if (first === '[') return this.array();
    word.lastIndex = this.at;
    const [found] = word.exec(text)!;
    this.at += found.length;
    if (found === 'null') return null;
    if (found === 'true') return true;
    if (found === 'false') return false;
    return /[.eE]/.test(found) ? floatOf(Number(found)) : integerOf(found);
  }

  private object(): Value {
    const map = new Map<Value, Value>();
    this.at++;
    while (!this.ends('}')) {
      const name = this.string();
      this.skip();
      this.at++;
      map.set(name, this.value());
    }
    return map;
  }

  private array(): Value {
    const items: Value[] = [];
    this.at++;
    while (!this.ends(']')) items.push(this.value());
    return items;
  }

  /** Steps over white space and a comma, and the end if it is that. */
  private ends(close: string): boolean {
    this.skip();
    if (this.text[this.at] === ',') {
      this.at++;
      this.skip();
    }
    if (this.text[this.at] !== close) return false;
    this.at++;
    return true;
  }

  private string(): string {
    const { text, at } = this;
    let end = text.indexOf('"', at + 1);
    for (; isEscaped(text, end); end = text.indexOf('"', end + 1));
    this.at = end + 1;
    const inside = text.slice(at + 1, end);
    return inside.includes('\\') ? (JSON.parse(text.slice(at, end + 1)) as string) : inside;
  }

  private skip(): void {
    while (this.text.charCodeAt(this.at) <= 0x20) this.at++;
  }
}

const word = /[^\s,\]}]+/y;

/** The quote at `at` has an odd number of backslashes before it. */
function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (text[start - 1] === '\\') start--;
  return (at - start) % 2 === 1;
}

/**
 * A value as JSON, {@link Float}s and Maps too. What JSON can't hold (infinite floats) is null; halves of characters that stand
 * alone are left out.
 *
 * @param indent - spaces a level; 0 for one line without any
 */
export function jsonText(value: unknown, indent = 0, filter?: TextFilter): string {
  return written(value, { indent, filter }, '\n', 0);
}

/** The same as it stands within a document. @param spaces - before the line that it begins in */
export function jsonTextWithin(value: unknown, indent: number, spaces: number): string {
  return written(value, { indent, filter: undefined }, `\n${' '.repeat(spaces)}`, 0);
}

interface Writing {
  readonly indent: number;
  readonly filter: TextFilter | undefined;
}

/** @param start - a line's end and the indentation of where the value begins */
function written(value: unknown, writing: Writing, start: string, depth: number): string {
  if (typeof value === 'string') return jsonString(value, writing);
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : jsonFloat(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof Float) return jsonFloat(value.value);
  if (depth >= 4 * DEEPEST) return '"…"';
  return new Nested(writing, start, depth + 1).text(value);
}

/** A list or an object as it grows. */
class Nested {
  private items = '';
  private readonly between: string;
  private readonly inner: string;

  constructor(
    private readonly writing: Writing,
    private readonly start: string,
    private readonly depth: number,
  ) {
    this.inner = writing.indent === 0 ? '' : start + ' '.repeat(writing.indent);
    this.between = `,${this.inner}`;
  }

  text(value: object): string {
    if (Array.isArray(value)) {
      for (const item of value) this.add('', item);
      return this.within('[', ']');
    }
    if (value instanceof Map) for (const [name, item] of value) this.member(nameOf(name), item);
    else for (const name in value) this.member(name, (value as Record<string, unknown>)[name]);
    return this.within('{', '}');
  }

  private member(name: string, value: unknown): void {
    this.add(`${jsonString(name, this.writing)}${this.writing.indent === 0 ? ':' : ': '}`, value);
  }

  private add(before: string, value: unknown): void {
    if (this.items !== '') this.items += this.between;
    this.items += before + written(value, this.writing, this.inner, this.depth);
  }

  private within(open: string, close: string): string {
    if (this.items === '' || this.writing.indent === 0) return open + this.items + close;
    return open + this.inner + this.items + this.start + close;
  }
}

/** A dict's key need not be text: as Python's `json` writes it. */
function nameOf(name: unknown): string {
  return typeof name === 'string' ? name : written(name, { indent: 0, filter: undefined }, '', 0);
}

const loneHalf = /\p{Cs}/gu;

function jsonString(text: string, { filter }: Writing): string {
  const filtered = filter ? filter(text) : text;
  return JSON.stringify(filtered.isWellFormed() ? filtered : filtered.replace(loneHalf, ''));
}

/** As `orjson` writes it, which the original has. */
function jsonFloat(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-5 || size >= 1e16)) return value.toExponential().replace('e+', 'e');
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
