import { QUARTERS, proseQuarters, textQuarters, tokensOf } from './estimate.ts';
import { EventSplitter, eventData } from '../sse.ts';
import {
  countsOf,
  fieldsOf,
  merged,
  ownCounts,
  nothingFound,
  secondsIn,
  usageIn,
  withTotal,
} from './usage-counts.ts';
import { isErrorEvent, mayTellOfError, tellsOfError } from '../error.ts';
import type { Fields, Found } from './usage-counts.ts';
import { answerQuarters } from './usage-json.ts';
import { UsageScan } from './usage-scan.ts';

/** How the names of fields with usage begin: Gemini's is `usageMetadata`. */
const usageName = Buffer.from('"usage');
const deltaName = Buffer.from('"delta"');
const choicesName = Buffer.from('"choices"');
/** How the delta of nearly every chat event begins: one that holds content and nothing else. */
const plainDelta = Buffer.from('"delta":{"content":"');
/** The same as Python writes it. */
const spacedDelta = Buffer.from('"delta": {"content": "');
const dataField = Buffer.from('data: ');

/**
 * Reads the usage of an event stream, and counts its content meanwhile: whether usage will come is known at the end
 * only, and an answer that is cut short has none.
 */
export class StreamUsage {
  private readonly splitter = new EventSplitter();
  private readonly take = (event: Uint8Array, isEnd: boolean): void => this.part(event, isEnd);
  private usage: Fields | undefined;
  /** The usage is only what Anthropic's `message_start` says: the prompt's, and where the output's counting starts. */
  private isStart = false;
  private seconds: number | undefined;
  private events = 0;
  private quarters = 0;
  private failed = false;
  /** Reads an event that is too long to be held whole. */
  private long: UsageScan | undefined;

  chunk(piece: Uint8Array): void {
    this.splitter.feed(piece, this.take);
  }

  finish(): Found {
    const rest = this.splitter.rest();
    // Some servers leave out the last blank line.
    if (rest && rest.length > 0) this.part(rest, true);
    this.long?.finish();
    const { seconds, failed } = this;
    return { ...this.found(), ...(seconds !== undefined && { seconds }), ...(failed && { failed }) };
  }

  private found(): Found {
    const { usage, events } = this;
    const counts = countsOf(usage);
    if (counts && !this.isStart) return { ...nothingFound, ...withTotal(counts), reported: true, events };
    const start = counts && { input: counts.input, cached: counts.cached, priced: counts.priced };
    return { ...nothingFound, ...start, events, text: tokensOf(this.quarters) };
  }

  /** Takes an event, or a piece of a long one. */
  private part(event: Uint8Array, isEnd: boolean): void {
    if (isEnd && !this.long) return this.event(event);
    this.long ??= new UsageScan((message) => this.note(message));
    this.long.feed(event);
    if (!isEnd) return;
    this.long.finish();
    this.long = undefined;
  }

  private event(event: Uint8Array): void {
    if (!holdsUsage(event)) {
      const plain = plainQuarters(event);
      // An error comes beside an empty delta, if beside any.
      if (plain > 0) return this.add(plain);
      if (!isWorthParsing(event, plain)) return;
    }
    if (isErrorEvent(event)) this.failed = true;
    const data = parsed(dataOf(event));
    if (!data) return;
    this.note(data);
    this.add(contentQuarters(data));
  }

  private note(data: Fields): void {
    if (tellsOfError(data)) this.failed = true;
    const usage = usageIn(data);
    if (usage) {
      this.usage = merged(this.usage, usage);
      this.isStart = false;
    } else if (data.message !== undefined) this.noteStart(fieldsOf(data.message)?.usage);
    if (data.usage) this.seconds ??= secondsIn(data);
  }

  private noteStart(usage: unknown): void {
    const fields = fieldsOf(usage);
    if (this.usage || !fields || !countsOf(fields)) return;
    this.usage = fields;
    this.isStart = true;
  }

  private add(quarters: number): void {
    if (quarters === 0) return;
    this.events++;
    this.quarters += quarters;
  }
}

/** Works on any `Uint8Array`: no wrapper has to be made for each event. */
function find(bytes: Uint8Array, name: Buffer, from = 0): number {
  return Buffer.prototype.indexOf.call(bytes, name, from);
}

/** The event has a usage that is an object: many servers send `null` with every event but the last. */
function holdsUsage(event: Uint8Array): boolean {
  for (let at = find(event, usageName); at >= 0; at = find(event, usageName, at)) {
    at += usageName.length;
    while (event[at] !== QUOTE && isNamePart(event[at])) at++;
    if (event[at] !== QUOTE) continue;
    at = skipSpace(event, at + 1);
    if (event[at] === 0x3a && event[skipSpace(event, at + 1)] === 0x7b) return true;
  }
  return false;
}

const QUOTE = 0x22;

/** A letter, or `_`. */
function isNamePart(byte: number | undefined): boolean {
  return byte !== undefined && ((byte | 0x20) >= 0x61 ? (byte | 0x20) <= 0x7a : byte === 0x5f);
}

/** An event up to this many bytes may be parsed on the chance that it holds text or counts. */
const SMALL = 16 * 1024;

/** @param plain - what {@link plainQuarters} said of it */
function isWorthParsing(event: Uint8Array, plain: number): boolean {
  if (plain < 0 && event.length <= SMALL) return true;
  if (plain < 0 && (find(event, deltaName) >= 0 || find(event, choicesName) >= 0)) return true;
  if (mayTellOfError(event)) return true;
  return plain < 0 && otherNames.some((name) => find(event, name) >= 0);
}

/** Fields of counts that are not in an object called usage. */
const otherNames = [
  '"meta"',
  '"timings"',
  '"amazon-bedrock-invocationMetrics"',
  ...ownCounts.map((name) => `"${name}"`),
].map((name) => Buffer.from(name));

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x09) at++;
  return at;
}

/**
 * Fast path: the content of a chat event with one plain delta, read without parsing: half the price.
 * @returns quarter tokens, or -1 when the event must be parsed
 */
function plainQuarters(event: Uint8Array): number {
  const start = contentStart(event);
  if (start < 0) return -1;
  let isAscii = true;
  let end = start;
  for (; event[end] !== 0x22; end++) {
    const byte = event[end];
    if (byte === undefined || byte === 0x5c) return -1;
    if (byte >= 0x80) isAscii = false;
  }
  if (event[end + 1] !== 0x7d || find(event, deltaName, end) >= 0) return -1;
  if (end === start) return 0;
  const quarters = isAscii ? end - start : textQuarters(Buffer.prototype.utf8Slice.call(event, start, end));
  return Math.max(QUARTERS, quarters);
}

/** Where the content of a plain delta begins; -1 when there is none. */
function contentStart(event: Uint8Array): number {
  const found = find(event, plainDelta);
  if (found >= 0) return found + plainDelta.length;
  const spaced = find(event, spacedDelta);
  return spaced < 0 ? -1 : spaced + spacedDelta.length;
}

/** An event's data. Fast path: nearly every event is one `data` line and a blank one. */
function dataOf(event: Uint8Array): string | undefined {
  const end = event.length - 2;
  for (let i = 0; i < dataField.length; i++) if (event[i] !== dataField[i]) return eventData(event);
  if (event[end] !== 0x0a || Buffer.prototype.indexOf.call(event, 0x0a) !== end) return eventData(event);
  return Buffer.prototype.utf8Slice.call(event, dataField.length, end);
}

function parsed(data: string | undefined): Fields | undefined {
  if (!data?.startsWith('{')) return undefined;
  try {
    return fieldsOf(JSON.parse(data));
  } catch {
    return undefined;
  }
}

/** Quarter tokens of what an event adds to its answer; each delta with content is a token at least. */
function contentQuarters(data: Fields): number {
  if (Array.isArray(data.choices)) {
    let sum = 0;
    for (const choice of data.choices) sum += atLeastOne(choiceQuarters(fieldsOf(choice)));
    return sum;
  }
  if (typeof data.type !== 'string') return atLeastOne(answerQuarters(data));
  // Responses and transcriptions: `response.output_text.delta`; the events that repeat the whole text have no delta.
  if (typeof data.delta === 'string') {
    return data.type.endsWith('audio.delta') ? 0 : atLeastOne(textQuarters(data.delta));
  }
  const delta = data.type === 'content_block_delta' ? fieldsOf(data.delta) : undefined;
  // Cohere's second version has its text in a message.
  const message = data.type === 'content-delta' ? fieldsOf(data.delta)?.message : undefined;
  return atLeastOne(proseQuarters([delta?.text, delta?.thinking, delta?.partial_json, message]));
}

function choiceQuarters(choice: Fields | undefined): number {
  if (typeof choice?.text === 'string') return textQuarters(choice.text);
  const delta = fieldsOf(choice?.delta);
  if (!delta) return 0;
  return proseQuarters([
    delta.content,
    delta.refusal,
    // Servers that send both say the same in both.
    delta.reasoning_content ?? delta.reasoning,
    delta.tool_calls,
    delta.function_call,
    fieldsOf(delta.audio)?.transcript,
  ]);
}

function atLeastOne(quarters: number): number {
  return quarters === 0 ? 0 : Math.max(QUARTERS, quarters);
}
