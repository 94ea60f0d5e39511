import { mask } from '../../config/mask.ts';
import { linearMask } from '../../text/linear.ts';
import type { TextFilter } from './literal.ts';

/** Heads of keys that nobody has to configure. */
const usualHeads = ['sk-', 'fk-'];

/** Shorter keys can't be told from words. */
const SHORTEST_KEY = 4;

/** Characters after the head of something that looks like a key, at least. */
const SHORTEST_TAIL = 13;

/** So many letters in a row are no word, though there is no digit among them. */
const LONG_TAIL = 20;

/** Characters of a part before a hyphen, and such parts, that may come before so many letters: `proj-`. */
const LONGEST_PART = 12;
const MOST_PARTS = 2;

const HYPHEN = 0x2d;
const UNDERSCORE = 0x5f;

/**
 * Masks texts before they are written: the keys of the configuration and what looks like them, to their first
 * three and last four characters, and what matches the patterns, to `***`. In time that grows with a text's length only,
 * whatever the text.
 *
 * @param keys - those of the configuration, forward keys and upstream keys
 * @param patterns - of `LOG_REDACT`; global or not, all matches go
 */
export function redaction(keys: readonly string[], patterns: readonly RegExp[]): TextFilter {
  const maskKeys = keyFilter(keys.filter((key) => key.length >= SHORTEST_KEY));
  const masks = patterns.map(linearMask);
  if (masks.length === 0) return maskKeys;
  return (text) => {
    let result = maskKeys(text);
    for (const each of masks) result = each(result);
    return result;
  };
}

function keyFilter(keys: readonly string[]): TextFilter {
  const byHead = new Map<string, string[]>(usualHeads.map((head) => [head, []]));
  for (const key of keys) byHead.set(key.slice(0, 3), [...(byHead.get(key.slice(0, 3)) ?? []), key]);
  for (const [head, some] of byHead)
    byHead.set(
      head,
      some.toSorted((a, b) => b.length - a.length),
    );
  const words = [...byHead.keys()];
  const heads = new RegExp(words.map((head) => RegExp.escape(head)).join('|'), 'g');
  const shortest = Math.min(3 + SHORTEST_TAIL, ...keys.map((key) => key.length));
  return (text) => {
    // Fast path: names and roles are shorter than any key, and nearly no text has even a head. A pattern would be slower.
    if (text.length < shortest || !words.some((head) => text.includes(head))) return text;
    return masked(text, heads, byHead);
  };
}

function masked(text: string, heads: RegExp, byHead: ReadonlyMap<string, readonly string[]>): string {
  const runs = new Runs(text);
  let result = '';
  let start = 0;
  heads.lastIndex = 0;
  for (let match = heads.exec(text); match; match = heads.exec(text)) {
    const length = lengthOfKey(text, match.index, byHead.get(match[0])!, runs);
    if (length === 0) {
      heads.lastIndex = match.index + 1;
      continue;
    }
    const end = match.index + length;
    result += text.slice(start, match.index) + mask(text.slice(match.index, end));
    heads.lastIndex = start = end;
  }
  return result + text.slice(start);
}

/** Of the key that begins there; 0 when none does. */
function lengthOfKey(text: string, at: number, keys: readonly string[], runs: Runs): number {
  const known = keys.find((key) => text.startsWith(key, at))?.length ?? 0;
  const endsHead = text.charCodeAt(at + 2);
  if ((endsHead !== HYPHEN && endsHead !== UNDERSCORE) || isNameUnit(text.charCodeAt(at - 1))) return known;
  const end = runs.endOfKey(at + 3) || endOfLongTail(text, at + 3);
  return Math.max(known, end - at);
}

/** Runs of letters, digits, hyphens and underscores: each is walked through once, however many heads are in it. */
class Runs {
  private end = 0;
  private lastDigit = -1;

  constructor(private readonly text: string) {}

  /** Where the run from there ends, if it is long enough and has a digit, which tells it from words with hyphens; else 0. */
  endOfKey(from: number): number {
    if (from >= this.end) this.walk(from);
    return this.lastDigit >= from && this.end - from >= SHORTEST_TAIL ? this.end : 0;
  }

  private walk(from: number): void {
    this.lastDigit = -1;
    let at = from;
    for (; ; at++) {
      const unit = this.text.charCodeAt(at);
      if (unit >= 0x30 && unit <= 0x39) this.lastDigit = at;
      else if (!isWordUnit(unit) && unit !== HYPHEN) break;
    }
    this.end = at;
  }
}

/** Where a tail without a digit ends: `proj-` or the like, then so many letters that they are no word; 0 when it is none. */
function endOfLongTail(text: string, from: number): number {
  let start = from;
  for (let parts = 0; ; parts++) {
    const most = start + LONG_TAIL;
    let end = start;
    while (end < most && isWordUnit(text.charCodeAt(end))) end++;
    if (end === most) {
      while (isWordUnit(text.charCodeAt(end))) end++;
      return end;
    }
    const isPart = end > start && end - start <= LONGEST_PART && text.charCodeAt(end) === HYPHEN;
    if (!isPart || parts === MOST_PARTS) return 0;
    start = end + 1;
  }
}

/** A letter of ASCII or a digit. */
function isNameUnit(unit: number): boolean {
  return (unit >= 0x30 && unit <= 0x39) || (unit >= 0x41 && unit <= 0x5a) || (unit >= 0x61 && unit <= 0x7a);
}

function isWordUnit(unit: number): boolean {
  return isNameUnit(unit) || unit === UNDERSCORE;
}
