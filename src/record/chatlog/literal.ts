import { Float } from './literal-value.ts';

/** What is done with each text before it is written, names of members too. */
export type TextFilter = (text: string) => string;

/** Deeper values are cut: CPython's parser gives up at 200 brackets, and with them on the whole file. */
export const DEEPEST = 100;

/**
 * A value as Python's `repr` writes it: on one line, whatever is in it.
 *
 * @param value - what JSON can hold, with {@link Float}, bigints and Maps where a plain value would not say all
 * @param filter - see {@link TextFilter}
 */
export function pythonLiteral(value: unknown, filter?: TextFilter, depth = 0): string {
  if (typeof value === 'string') return pythonString(filter ? filter(value) : value);
  if (typeof value === 'number') return pythonNumber(value);
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Float) return pythonFloat(value.value);
  if (depth >= DEEPEST) return "'…'";
  if (Array.isArray(value)) return list(value, filter, depth + 1);
  return value instanceof Map
    ? mapped(value, filter, depth + 1)
    : members(value as Record<string, unknown>, filter, depth + 1);
}

function list(items: readonly unknown[], filter: TextFilter | undefined, depth: number): string {
  let text = '[';
  for (const item of items) {
    if (text.length > 1) text += ', ';
    text += pythonLiteral(item, filter, depth);
  }
  return `${text}]`;
}

function members(fields: Record<string, unknown>, filter: TextFilter | undefined, depth: number): string {
  let text = '{';
  for (const name in fields) {
    if (text.length > 1) text += ', ';
    text += `${pythonString(filter ? filter(name) : name)}: ${pythonLiteral(fields[name], filter, depth)}`;
  }
  return `${text}}`;
}

function mapped(map: ReadonlyMap<unknown, unknown>, filter: TextFilter | undefined, depth: number): string {
  let text = '{';
  for (const [name, value] of map) {
    if (text.length > 1) text += ', ';
    text += `${pythonLiteral(name, filter, depth)}: ${pythonLiteral(value, filter, depth)}`;
  }
  return `${text}}`;
}

function pythonNumber(value: number): string {
  if (!Number.isInteger(value)) return pythonFloat(value);
  if (Number.isSafeInteger(value)) return value === 0 ? '0' : String(value);
  return String(BigInt(value));
}

function pythonFloat(value: number): string {
  // `inf` is no literal; this is read as it.
  if (value === Infinity) return '1e999';
  if (value === -Infinity) return '-1e999';
  if (Number.isNaN(value)) return 'None';
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return withExponent(value);
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** `1.5e-7` is `1.5e-07` in Python: two digits at least. */
function withExponent(value: number): string {
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Anything but printable ASCII without quote and backslash. */
const special = /[^ -&(-[\]-~]/;

function pythonString(text: string): string {
  // Fast path: nearly every name, and most short texts.
  if (!special.test(text)) return `'${text}'`;
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return quote + escaped(text, quote) + quote;
}

/** Anything of ASCII but what is printed as it is. */
const asciiEscapes = /[^ -[\]-~\u0080-\uffff]/g;
const asciiEscapesAndQuote = /[^ -&(-[\]-~\u0080-\uffff]/g;
const notAscii = /[^\0-\x7f]/;
/** Which characters Python prints as they are: `str.isprintable`. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}\p{Zs}]/gu;
/** Those of them that are in use, and letters of Latin, Greek, Cyrillic, kana, Han and Hangul: common text goes by these. */
const mayBeUnprintable =
  /[^\0-\x7e\xa1-\xac\xae-\u0377\u0400-\u052f\u2010-\u2027\u2030-\u205e\u3001-\u3029\u3041-\u3096\u309b-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff5e]/;

function escaped(text: string, quote: string): string {
  const ascii = quote === "'" ? asciiEscapesAndQuote : asciiEscapes;
  const safe = text.replace(ascii, escape);
  if (!notAscii.test(safe) || !mayBeUnprintable.test(safe)) return safe;
  return safe.replace(unprintable, (character) => (character === ' ' ? ' ' : escape(character)));
}

function escape(character: string): string {
  if (character === '\n') return '\\n';
  if (character === "'" || character === '\\') return `\\${character}`;
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
