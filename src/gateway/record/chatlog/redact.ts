import { mask } from '../../../config/mask.ts';
import type { TextFilter } from './literal.ts';

/** Heads of keys that nobody has to configure. */
const usualHeads = ['sk-', 'fk-'];

/** Shorter keys can't be told from words. */
const SHORTEST_KEY = 4;

/** Characters after the head of something that looks like a key, at least. */
const SHORTEST_TAIL = 13;

/** So many letters in a row are no word, though no digit is among them. */
const LONG_TAIL = 20;

/** What follows that head; a digit is in it, which tells it from words with hyphens, or a very long part. */
const tail = new RegExp(`(?=[\\w-]*\\d)[\\w-]{${SHORTEST_TAIL},}|(?:\\w{1,12}-){0,2}\\w{${LONG_TAIL},}`, 'y');
const nameUnit = /[A-Za-z0-9]/;

/**
 * What masks texts before they are written: the keys of the configuration and what looks like them, to their first
 * three and last four characters, and what matches the patterns, to `***`.
 *
 * @param keys - those of the configuration, forward keys and upstream keys
 * @param patterns - of `LOG_REDACT`; global or not, all matches go
 */
export function redaction(keys: readonly string[], patterns: readonly RegExp[]): TextFilter {
  const maskKeys = keyFilter(keys.filter((key) => key.length >= SHORTEST_KEY));
  const global = patterns.map(({ source, flags }) => new RegExp(source, `${flags.replace(/[gy]/g, '')}g`));
  if (global.length === 0) return maskKeys;
  return (text) => {
    let result = maskKeys(text);
    // An empty match hides nothing, and would fill the text with stars.
    for (const pattern of global) result = result.replace(pattern, (match) => (match === '' ? '' : '***'));
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
  let result = '';
  let start = 0;
  heads.lastIndex = 0;
  for (let match = heads.exec(text); match; match = heads.exec(text)) {
    const length = lengthOfKey(text, match.index, byHead.get(match[0])!);
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
function lengthOfKey(text: string, at: number, keys: readonly string[]): number {
  const known = keys.find((key) => text.startsWith(key, at))?.length ?? 0;
  const endsHead = text[at + 2];
  if ((endsHead !== '-' && endsHead !== '_') || nameUnit.test(text[at - 1] ?? '')) return known;
  tail.lastIndex = at + 3;
  return Math.max(known, 3 + (tail.exec(text)?.[0].length ?? -3));
}
