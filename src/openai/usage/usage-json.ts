import { proseQuarters, textQuarters, tokensOf } from './estimate.ts';
import { countsOf, fieldsOf, nothingFound, withTotal } from './usage-counts.ts';
import { tellsOfError } from '../error.ts';
import { endOfString, isAtLevel, isClose, isOpen } from '../json.ts';
import type { Counts, Found } from './usage-counts.ts';

const QUOTE = 0x22;

/** A body up to this many bytes is held whole. */
const MOST_HELD = 1024 * 1024;

/** Bytes at a body's end where its `usage` is looked for: servers write it last, or nearly so. */
const TAIL = 64 * 1024;

/** Places named "usage" that are looked at: each costs a walk to the end. */
const MOST_PLACES = 16;

/** Reads the usage of a JSON answer. */
export class JsonUsage {
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  private onlyTail = false;

  chunk(piece: Uint8Array): void {
    this.held.push(piece);
    this.heldBytes += piece.length;
    if (this.heldBytes > (this.onlyTail ? 2 * TAIL : MOST_HELD)) this.dropAllButTail();
  }

  finish(whole: boolean): Found {
    const body = this.held.length === 1 ? this.held[0]! : Buffer.concat(this.held);
    this.held = [];
    // Fast path: no need to parse a megabyte of embeddings for three numbers at its end.
    const counts = lastUsage(body, whole);
    if (counts) return reportedAs(counts);
    return this.onlyTail ? nothingFound : fromWhole(Buffer.prototype.utf8Slice.call(body, 0, body.length));
  }

  private dropAllButTail(): void {
    const tail = Buffer.concat(this.held).subarray(-TAIL);
    this.held = [new Uint8Array(tail)];
    this.heldBytes = tail.length;
    this.onlyTail = true;
  }
}

function reportedAs(counts: Counts): Found {
  return { ...nothingFound, ...withTotal(counts), reported: true };
}

function fromWhole(text: string): Found {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return { ...nothingFound, text: tokensOf(cutQuarters(text)) };
  }
  const fields = fieldsOf(answer);
  const counts = countsOf(fields?.usage);
  if (counts) return reportedAs(counts);
  const prose = [fields?.choices, fields?.output, fields?.content, fields?.text];
  const found = { ...nothingFound, text: tokensOf(proseQuarters(prose)) };
  return fields && tellsOfError(fields) ? { ...found, failed: true } : found;
}

/**
 * Finds the last `"usage": {…}` in the last 64 KiB of a JSON object, without parsing what is before it.
 * @param body - its end at least: it may begin anywhere, within a string too
 * @param whole - the body's true end is here; else a place counts as deep enough unless it is seen not to be
 * @param levels - how deep it is to be: 1 is the top level; without `whole` it is that at most
 */
export function lastUsage(body: Uint8Array, whole: boolean, levels = 1): Counts | undefined {
  const first = Math.max(0, body.length - TAIL);
  let at = body.length;
  for (let left = MOST_PLACES; left > 0; left--) {
    // Within a string the quotes are escaped: this, followed by a colon, is always a name.
    at = at === 0 ? -1 : Buffer.prototype.lastIndexOf.call(body, usageName, at - 1);
    if (at < first) return undefined;
    const rest = Buffer.prototype.latin1Slice.call(body, at, body.length);
    const start = objectAfterName(rest, usageName.length);
    const end = start < 0 ? -1 : endOfObject(rest, start);
    if (end < 0 || !isAtLevel(rest, end, levels, whole)) continue;
    const counts = countsOf(parsed(rest.slice(start, end)));
    if (counts) return counts;
  }
  return undefined;
}

const usageName = Buffer.from('"usage"');
const colonAndBrace = /\s*:\s*\{/y;

/** Where the object begins that a name ending at `from` stands for; -1 when it is no object. */
function objectAfterName(text: string, from: number): number {
  colonAndBrace.lastIndex = from;
  return colonAndBrace.test(text) ? colonAndBrace.lastIndex - 1 : -1;
}

/** Just after the bracket that closes the object begun at `start`; -1 when it is not there. */
function endOfObject(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) i = endOfString(text, i + 1);
    else if (isOpen(unit)) depth++;
    else if (isClose(unit) && --depth === 0) return i + 1;
  }
  return -1;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const content = /"(?:content|reasoning_content|refusal|text|thinking|arguments)"\s*:\s*"/g;

/** Quarter tokens of the content in an answer that was cut short, so that it can't be parsed. */
function cutQuarters(text: string): number {
  let sum = 0;
  content.lastIndex = 0;
  while (content.test(text)) {
    const start = content.lastIndex;
    const end = endOfString(text, start);
    sum += textQuarters(text.slice(start, end));
    content.lastIndex = end;
  }
  return sum;
}
