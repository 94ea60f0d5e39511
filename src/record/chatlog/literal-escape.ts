/** An escape that was read, and where the text goes on. */
export interface Escape {
  readonly text: string;
  readonly end: number;
}

const simple: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** What an escape of one letter stands for; undefined for all others. @param at - after the backslash */
export function simpleEscape(text: string, at: number): string | undefined {
  const letter = text[at];
  return letter !== undefined && Object.hasOwn(simple, letter) ? simple[letter] : undefined;
}

const hexDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const octal = /[0-7]{1,3}/y;

/**
 * Reads one escape of a Python string. One that Python does not know stands for itself, as with Python.
 *
 * @param at - after the backslash
 * @returns undefined for one that is damaged, or names a character (`\N{…}`): `repr` never writes these
 */
export function readEscape(text: string, at: number): Escape | undefined {
  const letter = text[at];
  if (letter === undefined || letter === 'N') return undefined;
  const single = simpleEscape(text, at);
  if (single !== undefined) return { text: single, end: at + 1 };
  const length = hexDigits[letter];
  if (length !== undefined) return hex(text, at + 1, length);
  octal.lastIndex = at;
  const digits = octal.exec(text)?.[0];
  if (digits === undefined) return { text: `\\${letter}`, end: at + 1 };
  return { text: String.fromCharCode(Number.parseInt(digits, 8)), end: at + digits.length };
}

function hex(text: string, at: number, length: number): Escape | undefined {
  const digits = text.slice(at, at + length);
  if (digits.length < length || !/^[\da-f]+$/i.test(digits)) return undefined;
  const code = Number.parseInt(digits, 16);
  return code > 0x10ffff ? undefined : { text: String.fromCodePoint(code), end: at + length };
}
