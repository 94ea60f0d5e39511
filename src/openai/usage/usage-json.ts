import { proseQuarters, textQuarters, tokensOf } from './estimate.ts';
import { countsOf, fieldsOf, merged, nothingFound, secondsIn, usageIn, withTotal } from './usage-counts.ts';
import { mayTellOfError, tellsOfError } from '../error.ts';
import { endOfString, isAtLevel, isClose, isOpen } from '../json.ts';
import type { Counts, Fields, Found } from './usage-counts.ts';
import { UsageScan } from './usage-scan.ts';

const QUOTE = 0x22;

/** A body up to this many bytes is held whole; of a longer one only the usage is read. */
const MOST_HELD = 1024 * 1024;

/** A body up to this many bytes may be parsed. */
const MOST_PARSED = 128 * 1024;

/** Bytes at a body's end where its `usage` is looked for first: servers write it last, or nearly so. */
const TAIL = 64 * 1024;

/** Places named "usage" that are looked at: each costs a walk to the end. */
const MOST_PLACES = 16;

/** Reads the usage of a JSON answer: of one message, a list of them (Gemini) or one a line (Ollama). */
export class JsonUsage {
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  private scan: Scanned | undefined;

  chunk(piece: Uint8Array): void {
    if (this.scan) return this.scan.feed(piece);
    this.held.push(piece);
    this.heldBytes += piece.length;
    if (this.heldBytes <= MOST_HELD) return;
    this.scan = new Scanned();
    for (const each of this.held) this.scan.feed(each);
    this.held = [];
  }

  finish(whole: boolean): Found {
    if (this.scan) return this.scan.found(0);
    const body = this.held.length === 1 ? this.held[0]! : Buffer.concat(this.held);
    this.held = [];
    // Fast path: no need to parse a megabyte of embeddings for three numbers at its end.
    const counts = mayTellOfError(body) ? undefined : lastUsage(body, whole);
    if (counts) return reportedAs(counts);
    const text = Buffer.prototype.utf8Slice.call(body, 0, body.length);
    return (body.length <= MOST_PARSED ? fromWhole(text) : undefined) ?? fromParts(body, text);
  }
}

/** What the messages of a body report, read as they pass. */
class Scanned {
  private usage: Fields | undefined;
  private seconds: number | undefined;
  private failed = false;
  private readonly scan = new UsageScan((message) => this.take(message));

  feed(bytes: Uint8Array): void {
    this.scan.feed(bytes);
  }

  take(message: Fields): void {
    const usage = usageIn(message);
    if (usage) this.usage = merged(this.usage, usage);
    this.seconds ??= secondsIn(message);
    if (tellsOfError(message)) this.failed = true;
  }

  /** @param quarters - of the text that came, in quarter tokens */
  found(quarters: number): Found {
    this.scan.finish();
    const counts = countsOf(this.usage);
    const found = counts ? reportedAs(counts) : { ...nothingFound, text: tokensOf(quarters) };
    const { seconds, failed } = this;
    return { ...found, ...(seconds !== undefined && { seconds }), ...(failed && { failed }) };
  }
}

function reportedAs(counts: Counts): Found {
  return { ...nothingFound, ...withTotal(counts), reported: true };
}

/** @returns undefined for what is not one JSON value */
function fromWhole(text: string): Found | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return undefined;
  }
  const scanned = new Scanned();
  let quarters = 0;
  for (const message of Array.isArray(answer) ? answer : [answer]) {
    const fields = fieldsOf(message);
    if (!fields) continue;
    scanned.take(fields);
    quarters += answerQuarters(fields);
  }
  return scanned.found(quarters);
}

/** Of lines, of what was cut short, and of what is too long to be parsed. */
function fromParts(body: Uint8Array, text: string): Found {
  const scanned = new Scanned();
  scanned.feed(body);
  return scanned.found(cutQuarters(text));
}

/** Quarter tokens of a message's text, in the form of any API. */
export function answerQuarters(message: Fields): number {
  const { choices, output, content, text, message: said, candidates, response } = message;
  const parts = Array.isArray(candidates) ? candidates.map((each) => fieldsOf(each)?.content) : undefined;
  const generated = typeof response === 'string' ? response : undefined;
  return proseQuarters([choices, output, content, text, said, parts, generated]);
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

const content = /"(?:content|reasoning_content|refusal|text|thinking|arguments|response)"\s*:\s*"/g;

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
