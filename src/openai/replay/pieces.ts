import type { Fields } from '../json.ts';
import { objectOf } from '../json.ts';

/** Pieces that one text is sent in, at most. */
const MOST_PIECES = 512;

/**
 * A word with the space before it, or so much of a long one; what belongs to its last character goes along: marks,
 * variation selectors, skin tones, and what a joiner joins.
 */
const piece = /\s*\S{1,16}(?:\p{M}|\u200d\S?|\p{EMod})*|\s+/gu;

/** Text in about as many pieces as a model would send; at least one. Joined again they are the text. */
export function piecesOf(text: string): string[] {
  // A megabyte is not matched word by word for 512 pieces.
  if (text.length > MOST_PIECES * 32) return longPieces(text);
  return grouped(text.match(piece) ?? [text]).map((group) => group.join(''));
}

function longPieces(text: string): string[] {
  const size = Math.ceil(text.length / MOST_PIECES);
  const pieces: string[] = [];
  for (let start = 0; start < text.length;) {
    let end = Math.min(text.length, start + size);
    // To the next space, if one is near: never within a character.
    for (let most = 32; most > 0 && end < text.length && text.charCodeAt(end) > 0x20; most--) end++;
    if (isLowSurrogate(text.charCodeAt(end))) end++;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Base64, cut where its groups of four end, so that each piece can be decoded alone. */
export function base64Pieces(text: string): string[] {
  const size = 4 * Math.max(1024, Math.ceil(text.length / 4 / MOST_PIECES));
  const pieces: string[] = [];
  for (let start = 0; start < text.length || start === 0; start += size)
    pieces.push(text.slice(start, start + size));
  return pieces;
}

/** Tokens with the text they stand for, by which a text is cut. */
export interface TokenPiece {
  readonly text: string;
  /** The tokens from `start` up to `end` are this piece. */
  readonly start: number;
  readonly end: number;
}

/**
 * Cuts a text where its tokens end.
 * @param tokens - the tokens' texts
 * @returns undefined when they are not the text: some stand for parts of a character
 */
export function tokenPieces(text: string, tokens: readonly unknown[]): TokenPiece[] | undefined {
  if (tokens.length === 0 || !tokens.every((token) => typeof token === 'string')) return undefined;
  if (tokens.join('') !== text) return undefined;
  let start = 0;
  return grouped(tokens).map((group) => {
    const from = start;
    start += group.length;
    return { text: group.join(''), start: from, end: start };
  });
}

/** The `token` of each entry of a `logprobs` array. */
export function tokensIn(entries: readonly unknown[]): unknown[] {
  return entries.map((entry) => (objectOf(entry) as Fields | undefined)?.token);
}

/** At most {@link MOST_PIECES} groups of neighbours, of one size. */
function grouped(items: readonly string[]): string[][] {
  const size = Math.ceil(items.length / MOST_PIECES);
  const groups: string[][] = [];
  for (let start = 0; start < items.length; start += size) groups.push(items.slice(start, start + size));
  return groups;
}
