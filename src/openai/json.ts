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
/** Integers of up to so many digits are exact in JavaScript. */
const EXACT_DIGITS = 15;

/** Whether JSON, or events of JSON, holds a number that JavaScript may not write back as the same number. */
export function hasInexactNumber(bytes: Uint8Array): boolean {
  let isInString = false;
  let digits = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (isInString) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) isInString = false;
    } else if (byte >= 0x30 && byte <= 0x39) {
      if (++digits > EXACT_DIGITS && !isFraction(bytes, i)) return true;
    } else {
      // `1e400`: an exponent behind a digit.
      if (digits > 0 && (byte === 0x65 || byte === 0x45)) return true;
      digits = 0;
      if (byte === QUOTE) isInString = true;
    }
  }
  return false;
}

/** Digits behind a point: what was written from a double reads back as the same double. */
function isFraction(bytes: Uint8Array, at: number): boolean {
  let start = at;
  while (start > 0 && bytes[start]! >= 0x30 && bytes[start]! <= 0x39) start--;
  return bytes[start] === 0x2e;
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
