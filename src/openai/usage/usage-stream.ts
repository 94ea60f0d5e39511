import { QUARTERS, proseQuarters, textQuarters, tokensOf } from './estimate.ts';
import { EventSplitter, eventData } from '../sse.ts';
import { countsOf, fieldsOf, nothingFound, withTotal } from './usage-counts.ts';
import { tellsOfError } from '../error.ts';
import type { Counts, Fields, Found } from './usage-counts.ts';
import { lastUsage } from './usage-json.ts';

const usageName = Buffer.from('"usage"');
const deltaName = Buffer.from('"delta"');
const choicesName = Buffer.from('"choices"');
/** How the delta of nearly every chat event begins: one that holds content and nothing else. */
const plainDelta = Buffer.from('"delta":{"content":"');
/** The same as Python writes it. */
const spacedDelta = Buffer.from('"delta": {"content": "');
const errorName = Buffer.from('"error"');
const errorEvent = Buffer.from('event: error');
const dataField = Buffer.from('data: ');

/**
 * Reads the usage of an event stream, and counts its content meanwhile: whether usage will come is known at the end
 * only, and an answer that is cut short has none.
 */
export class StreamUsage {
  private readonly splitter = new EventSplitter();
  private readonly take = (event: Uint8Array): void => this.event(event);
  private counts: Counts | undefined;
  /** What Anthropic's `message_start` says of the prompt. */
  private promptTokens: number | undefined;
  private events = 0;
  private quarters = 0;
  private failed = false;

  chunk(piece: Uint8Array): void {
    this.splitter.feed(piece, this.take);
  }

  finish(): Found {
    const rest = this.splitter.rest();
    // Some servers leave out the last blank line.
    if (rest && rest.length > 0) this.event(rest);
    const found = this.found();
    return this.failed ? { ...found, failed: true } : found;
  }

  private found(): Found {
    const { counts, events, promptTokens: input } = this;
    if (!counts) return { ...nothingFound, input, events, text: tokensOf(this.quarters) };
    return { ...withTotal({ ...counts, input: counts.input ?? input }), reported: true, events, text: 0 };
  }

  private event(event: Uint8Array): void {
    const hasUsage = holdsUsage(event);
    if (!hasUsage) {
      const plain = plainQuarters(event);
      // An error comes beside an empty delta, if beside any.
      if (plain > 0) return this.add(plain);
      const hasContent = plain < 0 && (find(event, deltaName) >= 0 || find(event, choicesName) >= 0);
      if (!hasContent && !mayTellOfError(event)) return;
    }
    if (isErrorEvent(event)) this.failed = true;
    const data = parsed(dataOf(event));
    if (data) this.parsedEvent(data, hasUsage);
    // A piece of an event that was too long to be held whole.
    else if (hasUsage) this.counts = lastUsage(event, false, 2) ?? this.counts;
  }

  private parsedEvent(data: Fields, hasUsage: boolean): void {
    if (hasUsage) this.note(data);
    if (tellsOfError(data)) this.failed = true;
    this.add(contentQuarters(data));
  }

  private note(data: Fields): void {
    const started = countsOf(fieldsOf(data.message)?.usage);
    // Its output is where the counting starts, not what came.
    if (started) this.promptTokens = started.input;
    const counts = countsOf(data.usage) ?? countsOf(fieldsOf(data.response)?.usage);
    if (counts) this.counts = counts;
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

/** The event has a `"usage"` that is an object: many servers send `null` with every event but the last. */
function holdsUsage(event: Uint8Array): boolean {
  for (let at = find(event, usageName); at >= 0; at = find(event, usageName, at)) {
    at = skipSpace(event, at + usageName.length);
    if (event[at] === 0x3a && event[skipSpace(event, at + 1)] === 0x7b) return true;
  }
  return false;
}

/** Whether it has an `"error"` that is not `null`, or is called one: seldom, and then it is worth parsing. */
function mayTellOfError(event: Uint8Array): boolean {
  if (isErrorEvent(event)) return true;
  for (let at = find(event, errorName); at >= 0; at = find(event, errorName, at)) {
    at = skipSpace(event, at + errorName.length);
    if (event[at] !== 0x3a || event[skipSpace(event, at + 1)] !== 0x6e) return true;
  }
  return false;
}

/** Its name is `error`, in the line it begins with. */
function isErrorEvent(event: Uint8Array): boolean {
  if (event[0] !== 0x65) return false;
  const tight = event[6] === 0x20 ? 0 : 1;
  const end = errorEvent.length - tight;
  if (event[end] !== 0x0a && event[end] !== 0x0d) return false;
  for (let i = 0; i < 6; i++) if (event[i] !== errorEvent[i]) return false;
  for (let i = 6; i < end; i++) if (event[i] !== errorEvent[i + tight]) return false;
  return true;
}

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
  if (typeof data.type !== 'string') return 0;
  // Responses and transcriptions: `response.output_text.delta`; the events that repeat the whole text have no delta.
  if (typeof data.delta === 'string') {
    return data.type.endsWith('audio.delta') ? 0 : atLeastOne(textQuarters(data.delta));
  }
  const delta = data.type === 'content_block_delta' ? fieldsOf(data.delta) : undefined;
  return atLeastOne(proseQuarters([delta?.text, delta?.thinking, delta?.partial_json]));
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
