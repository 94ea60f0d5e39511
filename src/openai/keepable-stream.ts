import { hasOtherWord, isErrorEvent, isErrorType, nextSuspicion, tellsOfError } from './error.ts';
import { dataIn, eventsIn, fieldIn, textOf } from './events.ts';
import type { Family } from './family.ts';
import { objectOf } from './json.ts';

const LF = 10;
const CR = 13;
const QUOTE = 34;

const doneLines = [Buffer.from('data: [DONE]'), Buffer.from('data:[DONE]')];
/** Inside a JSON string the quotes would be escaped, so these are names. */
const finishedWords = [Buffer.from('"finish_reason":"'), Buffer.from('"finish_reason": "')];
/** A stream of a form that has its own end: `[DONE]` alone does not end it. */
const formWords = [Buffer.from('"type"'), Buffer.from('"choices"'), Buffer.from('event:')];
/** A second choice, or a second tool call. */
const secondWords = [Buffer.from('"index":1'), Buffer.from('"index": 1')];
/** Events that end a stream of their form: Responses, Anthropic, images, speech and transcriptions. */
const responseEnds = ['response.completed', 'response.incomplete'];
const allEnds = [
  ...responseEnds,
  'message_stop',
  'image_generation.completed',
  'image_edit.completed',
  'speech.audio.done',
  'transcript.text.done',
];
const lineOf = (type: string): Buffer => Buffer.from(`event: ${type}\n`);
const endLines = { responses: responseEnds.map(lineOf), all: allEnds.map(lineOf) };
const lastTypes = { responses: new Set<unknown>(responseEnds), all: new Set<unknown>(allEnds) };

/** Suspicions that are looked at one by one; with more, all is parsed at once. */
const MOST_LOOKED_AT = 64;

/**
 * Whether a stream is whole and tells of no error. Every miss pays for it, so nothing is parsed but what may be an
 * error; only a stream whose end is not the usual one is read event by event.
 */
export function keepableStream(family: Family, body: Uint8Array): boolean {
  const suspicion = errorIn(body);
  if (suspicion === 'yes') return false;
  if (suspicion === 'no' && endsAsUsual(family, body)) return true;
  return endsWell(family, textOf(body));
}

function find(bytes: Uint8Array, word: Buffer, from = 0): number {
  return Buffer.prototype.indexOf.call(bytes, word, from);
}

/** Is there an event that tells of an error? */
function errorIn(body: Uint8Array): 'yes' | 'no' | 'unknown' {
  if (hasOtherWord(body)) return 'unknown';
  let left = MOST_LOOKED_AT;
  for (let at = nextSuspicion(body, 0); at >= 0; at = nextSuspicion(body, at)) {
    if (left-- === 0) return 'unknown';
    const event = eventAround(body, at);
    if (isError(event)) return 'yes';
    // What else this event says has been seen.
    at = event.byteOffset - body.byteOffset + event.length;
  }
  return 'no';
}

function eventAround(body: Uint8Array, at: number): Uint8Array {
  let start = at;
  while (start > 0 && !isBlankLine(body, start)) start--;
  let end = at;
  while (end < body.length && !isBlankLine(body, end)) end++;
  return body.subarray(start, end);
}

/** A blank line ends just before `at`. */
function isBlankLine(body: Uint8Array, at: number): boolean {
  const last = body[at - 1];
  const before = body[at - 2];
  if (last === LF) return before === LF || (before === CR && (body[at - 3] === LF || body[at - 3] === CR));
  return last === CR && before === CR;
}

function isError(event: Uint8Array): boolean {
  if (isErrorEvent(event)) return true;
  const data = dataIn(textOf(event))?.trim();
  if (!data || data === '[DONE]') return false;
  try {
    return tellsOfError(objectOf(JSON.parse(data)) ?? {});
  } catch {
    return true;
  }
}

/** The end that nearly every whole stream has: seen without parsing. */
function endsAsUsual(family: Family, body: Uint8Array): boolean {
  let end = body.length;
  while (end > 0 && (body[end - 1] === LF || body[end - 1] === CR)) end--;
  const hasOwnEnd = family === 'responses' || family === 'other';
  if (hasOwnEnd && isBlankLine(body, body.length) && endsWithItsSign(family, body, end)) return true;
  if (family === 'responses') return false;
  for (const line of doneLines) {
    const start = end - line.length;
    if (start < 0 || find(body.subarray(start, end), line) !== 0) continue;
    if (start > 0 && body[start - 1] !== LF && body[start - 1] !== CR) continue;
    if (family === 'other') return !formWords.some((word) => find(body, word) >= 0);
    return family === 'embeddings' || isOneAndFinished(body);
  }
  return false;
}

/** There is one choice, and it has its finish reason: some servers write `""` until then. */
function isOneAndFinished(body: Uint8Array): boolean {
  const isFinished = (word: Buffer): boolean => {
    const at = Buffer.prototype.lastIndexOf.call(body, word);
    return at >= 0 && body[at + word.length] !== QUOTE;
  };
  return finishedWords.some(isFinished) && !secondWords.some((word) => find(body, word) >= 0);
}

function endsWithItsSign(family: Family, body: Uint8Array, end: number): boolean {
  const start = Buffer.prototype.lastIndexOf.call(body, '\n\n', end - 1) + 2;
  const event = body.subarray(start < 2 ? 0 : start, end);
  const lines = family === 'responses' ? endLines.responses : endLines.all;
  return lines.some((line) => find(event.subarray(0, line.length), line) === 0) && event.at(-1) === 0x7d;
}

/** Reads all events: no error among them, nothing cut, and a true end. */
function endsWell(family: Family, text: string): boolean {
  const finished = new Map<unknown, boolean>();
  const lasts = family === 'responses' ? lastTypes.responses : lastTypes.all;
  let isDone = false;
  let isOver = false;
  let hasForm = false;
  let came = 0;
  for (const event of eventsIn(text)) {
    const name = fieldIn(event, 'event');
    if (isErrorType(name)) return false;
    const data = dataIn(event)?.trim();
    if (data === '[DONE]') isDone = true;
    else if (data) {
      const said = parsed(data);
      // Only an unknown route's events may be something else than JSON.
      if (said === undefined ? family !== 'other' : tellsOfError(objectOf(said) ?? {})) return false;
      came++;
      const type = objectOf(said)?.type ?? name;
      isOver = lasts.has(type) || (isOver && isKeepAlive(type));
      hasForm ||= typeof type === 'string' && knownForm.test(type);
      noteChoices(said, finished);
    } else if (!/[\r\n]$/.test(event) && !event.trimStart().startsWith(':')) return false;
  }
  // A gateway may write [DONE] behind an upstream that broke off.
  const areFinished = [...finished.values()].every(Boolean);
  if (family === 'responses') return isOver;
  // A stream of an unknown form is complete only where it says so.
  if (family === 'other') return came > 0 && (isOver || (isDone && !hasForm && areFinished));
  if (family === 'embeddings') return came > 0 && isDone;
  return isDone && finished.size > 0 && areFinished;
}

/** Types of events of the forms that have an end of their own. */
const knownForm =
  /^(?:response\.|message_(?:start|delta)$|content_block_|image_(?:generation|edit)\.|speech\.audio\.|transcript\.text\.)/;

/** What servers send while nothing happens, behind the end too. */
function isKeepAlive(type: unknown): boolean {
  return type === 'ping' || type === 'keepalive';
}

function noteChoices(said: unknown, finished: Map<unknown, boolean>): void {
  const choices = objectOf(said)?.choices;
  if (!Array.isArray(choices)) return;
  for (const one of choices) {
    const { index = 0, finish_reason } = objectOf(one) ?? {};
    const isFinished = finish_reason !== null && finish_reason !== undefined && finish_reason !== '';
    finished.set(index, isFinished || finished.get(index) === true);
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
