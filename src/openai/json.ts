/** A JSON object whose members nobody has looked at yet. */
export type Fields = Record<string, unknown>;

/** The value as an object with members; undefined for anything else, arrays too. */
export function objectOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** An object to put members in: without a prototype, so that a member named `__proto__` is one like any other. */
export function emptyFields(): Fields {
  return Object.create(null) as Fields;
}

/** Says nothing, so it takes no other value's place: Azure sends `""` and `{}` where it has nothing to say. */
function isVoid(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  const fields = objectOf(value);
  return fields !== undefined && Object.keys(fields).length === 0;
}

/** Sets a member, unless that would put nothing in the place of something. */
export function setMember(target: Fields, name: string, value: unknown): void {
  if (!(name in target) || !isVoid(value)) target[name] = value;
}

/**
 * Sets a member that may be said once or each time, and then in the same words or with more: an object with further
 * members, a list with further items.
 * @throws TypeError when what was said before is not in it: it may be a piece
 */
export function setSame(target: Fields, name: string, value: unknown): void {
  if (name in target && !isVoid(value) && !isVoid(target[name]) && !goesOn(target[name], value))
    throw new TypeError(`${name} came in two ways`);
  setMember(target, name, value);
}

function goesOn(before: unknown, after: unknown): boolean {
  if (before === null || typeof before !== 'object') return before === null || before === after;
  if (Array.isArray(before) && Array.isArray(after))
    return before.every((item, at) => JSON.stringify(item) === JSON.stringify(after[at]));
  const [one, other] = [objectOf(before), objectOf(after)];
  if (!one || !other) return false;
  return Object.keys(one).every((name) => name in other && goesOn(one[name], other[name]));
}

/** Adds what came of a member: text to text; anything else takes the place of what was there. */
export function addText(target: Fields, name: string, value: unknown): void {
  const before = target[name];
  if (typeof value === 'string' && typeof before === 'string') target[name] = before + value;
  else setMember(target, name, value);
}

/** Adds items to the array that is a member. @param value - null says that there are none, so far */
export function addItems(target: Fields, name: string, value: unknown): void {
  const before = target[name];
  if (Array.isArray(value) && Array.isArray(before)) before.push(...(value as unknown[]));
  else setMember(target, name, Array.isArray(value) ? [...(value as unknown[])] : value);
}

/** The object without some of its members. */
export function without(fields: Fields, names: readonly string[]): Fields {
  const rest = emptyFields();
  for (const name in fields) if (!names.includes(name)) rest[name] = fields[name];
  return rest;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Numbers of fewer characters are exact in JavaScript. */
const EXACT = 16;

/** Whether JSON, or events of JSON, holds a number that JavaScript does not write back as it was written. */
export function hasInexactNumber(bytes: Uint8Array): boolean {
  let isInString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (isInString) {
      if (byte === BACKSLASH) i++;
      // No string goes past its line: a quote in a comment of a stream ends with it.
      else if (byte === QUOTE || byte === 10 || byte === 13) isInString = false;
    } else if (byte === QUOTE) isInString = true;
    else if (isDigit(byte) || byte === MINUS) {
      const start = i;
      let isPlain = true;
      for (; i < bytes.length && isNumberPart(bytes[i]!); i++) if (!isDigit(bytes[i]!)) isPlain = false;
      // Fast path: a short integer.
      const isExact = isPlain && i - start < EXACT;
      const written = isExact ? '' : Buffer.prototype.latin1Slice.call(bytes, start, i);
      if (!isExact && String(Number(written)) !== written) return true;
      i--;
    }
  }
  return false;
}

const MINUS = 0x2d;
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
/** Digits, a point, an exponent and signs. */
const isNumberPart = (byte: number): boolean =>
  isDigit(byte) || byte === 0x2e || byte === MINUS || byte === 0x2b || byte === 0x65 || byte === 0x45;

/** As `JSON.parse`, but each number is written back as it was written; those that differ are objects until then. */
export function parseExactly(json: string): unknown {
  return JSON.parse(json, keepNumber as (name: string, value: unknown) => unknown);
}

/** Source text access, of ECMAScript 2026: the types do not know it yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

function keepNumber(_name: string, value: unknown, { source }: { readonly source: string }): unknown {
  return typeof value === 'number' && String(value) !== source ? rawJSON(source) : value;
}

const SPACE = 0x20;

/** From `from` on exactly `levels` brackets close more than open: those of the answer itself. */
export function isAtLevel(text: string, from: number, levels: number, whole: boolean): boolean {
  let depth = levels;
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // What seemed to be the end of the answer is not.
    if (depth === 0 && unit > SPACE) return false;
    if (unit === QUOTE) i = endOfString(text, i + 1);
    else if (isOpen(unit)) depth++;
    else if (isClose(unit)) depth--;
  }
  return depth === 0 || !whole;
}

/** The quote that ends a string whose first character is at `from`, or the text's end. */
export function endOfString(text: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) return i;
    if (unit === BACKSLASH) i++;
  }
  return text.length;
}

/** `[` or `{`. */
export function isOpen(unit: number): boolean {
  return unit === 0x7b || unit === 0x5b;
}

/** `]` or `}`. */
export function isClose(unit: number): boolean {
  return unit === 0x7d || unit === 0x5d;
}
