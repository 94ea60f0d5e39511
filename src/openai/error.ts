import { fieldIn, textOf } from './events.ts';
import { objectOf } from './json.ts';
import type { Fields } from './json.ts';

/**
 * Whether a message of an upstream reports an error: a whole JSON response, or the data of an event. This is the one
 * rule for it; the cache and the usage figures both follow it. It covers OpenAI's APIs (`error`, `response.failed`,
 * Realtime's failed `response.done`), Anthropic's (`type: error`), OpenRouter's (a failed choice), vLLM's
 * (`object: error`), Ollama's (`error` as text), Cloudflare's (`errors`), Baidu's (`error_code`) and MiniMax's
 * (`base_resp`). `response.incomplete` is no error: the response is final, and has its reason.
 */
export function tellsOfError(message: Readonly<Fields>): boolean {
  const { error, errors, error_code, type, object, response, choices, status, base_resp } = message;
  if (isError(error) || isErrorType(type) || object === 'error') return true;
  if (object === 'response' && status === 'failed') return true;
  if ((Array.isArray(errors) && errors.length > 0) || isError(error_code)) return true;
  if (base_resp !== undefined && isError(objectOf(base_resp)?.status_code)) return true;
  const about = objectOf(response);
  if (about && (isError(about.error) || about.status === 'failed')) return true;
  return Array.isArray(choices) && choices.some((choice) => isFailed(objectOf(choice) ?? {}));
}

/** The type of an event, in its data or in its `event` field, that reports an error. */
export function isErrorType(type: unknown): boolean {
  if (typeof type !== 'string') return false;
  return type === 'error' || type === 'response.failed' || type.endsWith('.error');
}

const LF = 10;
const CR = 13;
const SPACE = 32;
const QUOTE = 34;
const COLON = 58;

const eventField = Buffer.from('event:');
const errorWord = Buffer.from('error');
/** Words of reports that need not have that one. */
const otherWords = ['base_resp"', 'failed"'].map((word) => Buffer.from(word));

/** Whether an event of a stream has a name that reports an error. @param event - one event, as it came */
export function isErrorEvent(event: Uint8Array): boolean {
  const at = find(event, eventField, 0);
  if (at < 0) return false;
  // Nearly always the first line; elsewhere the word may be in a text.
  if (at > 0) return isErrorType(fieldIn(textOf(event), 'event'));
  let end = eventField.length;
  const start = event[end] === SPACE ? end + 1 : end;
  while (end < event.length && event[end] !== LF && event[end] !== CR) end++;
  return isErrorType(Buffer.prototype.latin1Slice.call(event, start, end));
}

/** Whether JSON or events may report an error: without this nothing has to be parsed. */
export function mayTellOfError(bytes: Uint8Array): boolean {
  return nextSuspicion(bytes, 0) >= 0 || hasOtherWord(bytes);
}

/** Whether an error may be reported without the word that {@link nextSuspicion} finds. */
export function hasOtherWord(bytes: Uint8Array): boolean {
  return otherWords.some((word) => find(bytes, word, 0) >= 0);
}

/**
 * Where the next word is that may report an error: what holds one is worth parsing. That is a JSON string that begins
 * with the word and does not say `"error":null`, a type, or the name of an event.
 * @param bytes - JSON or events
 * @returns -1 when there is none
 */
export function nextSuspicion(bytes: Uint8Array, from: number): number {
  for (let at = find(bytes, errorWord, from); at >= 0; at = find(bytes, errorWord, at + errorWord.length))
    if (isSuspicious(bytes, at, at + errorWord.length)) return at;
  return -1;
}

function isSuspicious(bytes: Uint8Array, at: number, end: number): boolean {
  const before = bytes[at - 1];
  const after = bytes[end];
  // `error`, `errors`, `error_code`
  if (before === QUOTE) return after === QUOTE ? !isNull(bytes, end + 1) : after === 0x73 || after === 0x5f;
  if (before === 0x2e) return after === QUOTE || after === LF || after === CR;
  // `event:` and at most one space.
  const colon = before === SPACE ? at - 2 : at - 1;
  return bytes[colon] === COLON && bytes[colon - 1] === 0x74 && bytes[colon - 5] === 0x65;
}

function isNull(bytes: Uint8Array, from: number): boolean {
  let at = skipSpace(bytes, from);
  if (bytes[at] !== COLON) return false;
  at = skipSpace(bytes, at + 1);
  return bytes[at] === 0x6e && bytes[at + 1] === 0x75;
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === SPACE || bytes[at] === 9) at++;
  return at;
}

/** Works on any `Uint8Array`, without a wrapper for each. */
function find(bytes: Uint8Array, word: Buffer, from: number): number {
  return Buffer.prototype.indexOf.call(bytes, word, from);
}

/** OpenRouter's way to say that the model behind a choice broke down. */
export function isFailed({ finish_reason, error }: Readonly<Fields>): boolean {
  return finish_reason === 'error' || isError(error);
}

/** Text, an object, a number; null, false, 0 and nothing say that there is none. */
function isError(error: unknown): boolean {
  return error !== null && error !== undefined && error !== false && error !== 0 && error !== '';
}
