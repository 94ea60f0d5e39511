import type { Estimate } from './estimate.ts';
import { kindOf, numberIn } from '../maxima.ts';

/** Steps without a turn of the event loop: one is a bracket, a string, a number, or a byte between them. */
const STEPS_AT_ONCE = 50_000;

/** Nesting in which names are looked at. Maxima stand in the body's first three levels. */
const DEEPEST = 8;
const DEEPEST_MAXIMUM = 3;

/** A string under these names is a sound, an image or a file, and no text. */
const mediaNames: ReadonlySet<string> = new Set([
  'url',
  'data',
  'b64_json',
  'file_data',
  'image',
  'image_url',
  'audio',
]);
const MEDIA_QUARTERS = 85 * 4;
/** A shorter string is text, whatever its name. */
const SHORTEST_MEDIA = 256;

const LONGEST_NAME = 32;
const LONGEST_NUMBER = 40;

const [QUOTE, BACKSLASH, COLON, OPEN_OBJECT, OPEN_LIST, CLOSE_OBJECT, CLOSE_LIST] = Buffer.from('"\\:{[}]');

/**
 * Estimates what a large JSON body will cost without parsing it, which could take seconds: byte by byte, with a turn of
 * the event loop every few ms. Counts the text of all strings, and each number in a list as a token. Never fails: what is
 * no JSON is read as far as it looks like it.
 */
export async function scanTokens(bytes: Uint8Array): Promise<Estimate> {
  const scan = new Scan(bytes);
  while (!scan.step()) await new Promise(setImmediate);
  const { quarters, most, times } = scan;
  const completion = Math.min(Math.ceil(most) * Math.ceil(times), Number.MAX_SAFE_INTEGER);
  return { prompt: Math.ceil(quarters / 4), completion: most === 0 ? 0 : completion };
}

class Scan {
  quarters = 0;
  most = 0;
  times = 1;
  private at = 0;
  private depth = 0;
  /** The start of a string whose end is not found yet, else -1. */
  private stringAt = -1;
  /** The name that a value comes for, by depth; empty in a list. */
  private readonly names: string[] = [];
  /** Whether the object at that depth may hold a maximum. */
  private readonly isNest: boolean[] = [];

  constructor(private readonly bytes: Uint8Array) {}

  /** @returns whether it is done */
  step(): boolean {
    const { bytes } = this;
    for (let left = STEPS_AT_ONCE; left > 0; left--) {
      if (this.at >= bytes.length) return true;
      if (this.stringAt >= 0) this.endString();
      else this.token(bytes[this.at]!);
    }
    return false;
  }

  private token(byte: number): void {
    if (byte === QUOTE) {
      this.stringAt = ++this.at;
      return;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.open(byte === OPEN_OBJECT);
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) this.depth = Math.max(0, this.depth - 1);
    else if (byte >= 0x30 && byte <= 0x39) return this.number();
    this.at++;
  }

  private open(isObject: boolean): void {
    const { depth } = this;
    if (depth < DEEPEST) {
      const outer = depth === 0 || (this.isNest[depth] === true && kindOf(this.names[depth]!) === 'nest');
      this.isNest[depth + 1] = isObject && outer && depth < DEEPEST_MAXIMUM;
      // What a list holds is known by the list's name.
      this.names[depth + 1] = isObject ? '' : (this.names[depth] ?? '');
    }
    this.depth++;
  }

  private endString(): void {
    const { bytes, stringAt } = this;
    const end = Buffer.prototype.indexOf.call(bytes, QUOTE!, this.at);
    if (end < 0) return this.string(stringAt, bytes.length);
    let escapes = 0;
    while (end - escapes > this.at && bytes[end - escapes - 1] === BACKSLASH) escapes++;
    this.at = end + 1;
    if (escapes % 2 === 0) this.string(stringAt, end);
  }

  private string(start: number, end: number): void {
    const { bytes, depth } = this;
    this.stringAt = -1;
    this.at = Math.min(end + 1, bytes.length);
    let next = this.at;
    while (bytes[next]! <= 0x20) next++;
    if (bytes[next] === COLON) {
      this.at = next + 1;
      if (depth <= DEEPEST) this.names[depth] = this.text(start, Math.min(end, start + LONGEST_NAME));
      return;
    }
    const name = this.names[Math.min(depth, DEEPEST)] ?? '';
    const isMedia = end - start >= SHORTEST_MEDIA && mediaNames.has(name);
    this.quarters += isMedia ? MEDIA_QUARTERS : end - start;
    if (this.isNest[depth] && end - start < LONGEST_NUMBER) this.value(name, Number(this.text(start, end)));
  }

  private number(): void {
    const { bytes, depth } = this;
    const start = this.at;
    while (this.at < bytes.length && this.at - start < LONGEST_NUMBER && isOfNumber(bytes[this.at]!))
      this.at++;
    if (depth < DEEPEST && this.isNest[depth])
      this.value(this.names[depth]!, Number(this.text(start, this.at)));
    // In a list it may be the id of a token.
    else this.quarters += 4;
  }

  private value(name: string, value: number): void {
    const kind = kindOf(name);
    if (kind === 'maximum') this.most = Math.max(this.most, numberIn(value));
    else if (kind === 'choices') this.times = Math.max(this.times, numberIn(value));
  }

  private text(start: number, end: number): string {
    return Buffer.prototype.latin1Slice.call(this.bytes, start, end);
  }
}

/** Digits, and `.`, `e`, `E`, `+`, `-` within a number. */
function isOfNumber(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x2e ||
    (byte | 0x20) === 0x65 ||
    byte === 0x2b ||
    byte === 0x2d
  );
}
