/**
 * What a request or an answer may cost in tokens, without a tokenizer: about one token to four bytes of UTF-8, one to
 * a CJK character. Sums are held in quarter tokens, so that they stay whole numbers however the text is cut.
 */

import type { RequestReading } from '../reading.ts';
import { type Fields, isFields, largestMaximum, maximaIn, mayRepeatMaximum } from '../maxima.ts';

/** Quarter tokens in a token. */
export const QUARTERS = 4;

/** Tokens of a part that is not text (an image, a sound, a file): OpenAI's price of a low-detail image. */
const MEDIA_TOKENS = 85;

/** Tokens that frame one message: three by OpenAI's "how to count tokens" cookbook, and its role. */
const MESSAGE_TOKENS = 4;

/** Values looked at in one walk: a body may be made of nothing but brackets. */
const MOST_VALUES = 100_000;

/** What a request may cost, in tokens. */
export interface Estimate {
  readonly prompt: number;
  /** The most that the answer was allowed to have; 0 when the body names no maximum. */
  readonly completion: number;
}

/** Where a body holds its prompt: of OpenAI, Anthropic, Gemini, Cohere and rerankers. */
const promptFields = [
  'messages',
  'system',
  'prompt',
  'input',
  'instructions',
  'contents',
  'systemInstruction',
  'inputs',
  'texts',
  'query',
  'documents',
] as const;

/** Where prose is found in messages, parts, calls and their outputs, in answers as in requests. */
const proseFields = [
  'content',
  'text',
  'name',
  'message',
  'refusal',
  'reasoning_content',
  'reasoning',
  'thinking',
  'summary',
  'tool_calls',
  'function_call',
  'function',
  'custom',
  'output',
  'parts',
] as const;

/** Where calls hold their arguments: a string, or (Anthropic's `tool_use`) any JSON. */
const argumentFields = ['arguments', 'input'] as const;

const jsonFields = ['tools', 'functions', 'response_format'] as const;

/** Types of parts that are not text, in chat, Responses and Anthropic's messages. */
const media =
  /^(?:input_|output_)?(?:image|image_url|audio|video|video_url|file|document|computer_screenshot)$/;

/** Estimates what a request will cost by what its body says; by the length of a body that says nothing. */
export function estimateReading(reading: RequestReading): Estimate {
  const { json, form } = reading.asked;
  if (form) return estimateTokens(Object.fromEntries(form));
  if (!json) return { prompt: Math.ceil(reading.bytes.length / 4), completion: largestMaximum(reading.text) };
  const estimate = estimateTokens(json.value);
  // Of a name that is there twice JSON.parse keeps the last, and some upstream the first.
  if (!mayRepeatMaximum(json.text)) return estimate;
  return { ...estimate, completion: Math.max(estimate.completion, largestMaximum(json.text)) };
}

/** Estimates what a parsed request body will cost, before any of it was spent. Never throws, whatever `body` is. */
export function estimateTokens(body: unknown): Estimate {
  if (!isFields(body)) return { prompt: 0, completion: 0 };
  const { messages, input } = body;
  const quarters =
    proseQuarters(givenIn(body, promptFields)) +
    (countMessages(messages) + countMessages(input)) * MESSAGE_TOKENS * QUARTERS +
    jsonQuarters(givenIn(body, jsonFields));
  return { prompt: tokensOf(quarters), completion: askedFor(body) };
}

function givenIn(body: Fields, fields: readonly string[]): unknown[] {
  const values: unknown[] = [];
  for (const field of fields) if (body[field] !== undefined) values.push(body[field]);
  return values;
}

function countMessages(list: unknown): number {
  if (!Array.isArray(list)) return 0;
  return list.filter((item) => isFields(item) && typeof item.role === 'string').length;
}

/** Whole tokens of a sum of quarter tokens, rounded up. */
export function tokensOf(quarters: number): number {
  return Math.ceil(quarters / QUARTERS);
}

/** Quarter tokens of a text: its bytes in UTF-8, but four for a CJK character. */
export function textQuarters(text: string): number {
  const bytes = Buffer.byteLength(text);
  // Fast path: ASCII only.
  if (bytes === text.length) return bytes;
  let quarters = bytes;
  // All of them have three bytes; those beyond U+FFFF have four already.
  for (let i = 0; i < text.length; i++) if (isCjk(text.charCodeAt(i))) quarters++;
  return quarters;
}

/** Quarter tokens of the prose in a message, a list of parts, an answer's choices; token ids count one token each. */
export function proseQuarters(root: unknown): number {
  let sum = 0;
  const data: unknown[] = [];
  const stack = [root];
  for (let left = MOST_VALUES; left > 0 && stack.length > 0; left--) {
    const value = stack.pop();
    if (typeof value === 'string') sum += textQuarters(value);
    else if (Array.isArray(value)) sum += pushItems(value, stack);
    else if (isFields(value)) sum += pushProse(value, stack, data);
  }
  return sum + jsonQuarters(data);
}

function pushItems(items: readonly unknown[], stack: unknown[]): number {
  let ids = 0;
  for (const item of items) {
    if (typeof item === 'number') ids++;
    else stack.push(item);
  }
  return ids * QUARTERS;
}

function pushProse(part: Fields, stack: unknown[], data: unknown[]): number {
  if (typeof part.type === 'string' && media.test(part.type)) return MEDIA_TOKENS * QUARTERS;
  for (const field of proseFields) if (part[field] !== undefined) stack.push(part[field]);
  for (const field of argumentFields) {
    const value = part[field];
    if (typeof value === 'string') stack.push(value);
    else if (value !== undefined) data.push(value);
  }
  return 0;
}

/** Quarter tokens of values written as JSON: about its bytes. Not `JSON.stringify`, which throws on deep nesting. */
function jsonQuarters(values: readonly unknown[]): number {
  let sum = 0;
  const stack: unknown[] = values.filter((value) => value !== undefined && value !== null);
  for (let left = MOST_VALUES; left > 0 && stack.length > 0; left--) {
    const value = stack.pop();
    if (typeof value === 'string') sum += textQuarters(value) + '"",'.length;
    else if (Array.isArray(value)) {
      sum += '[],'.length;
      for (const item of value) stack.push(item);
    } else if (isFields(value)) {
      sum += '{},'.length;
      for (const [name, held] of Object.entries(value)) {
        sum += textQuarters(name) + '"":'.length;
        stack.push(held);
      }
    } else sum += String(value).length + ','.length;
  }
  return sum;
}

/** The asked maximum, for every choice of every prompt. */
function askedFor(body: Fields): number {
  const { most, choices } = maximaIn(body);
  if (most === 0) return 0;
  return Math.min(Math.ceil(most) * Math.ceil(choices) * prompts(body.prompt), Number.MAX_SAFE_INTEGER);
}

/** How many prompts a completions body holds: each string, or each array of token ids, is one. */
function prompts(prompt: unknown): number {
  if (!Array.isArray(prompt) || typeof prompt[0] === 'number') return 1;
  return Math.max(prompt.length, 1);
}

/** Han, kana, hangul, their punctuation and full-width forms. */
function isCjk(unit: number): boolean {
  if (unit < 0x1100) return false;
  return (
    unit <= 0x11ff ||
    (unit >= 0x2e80 && unit <= 0x9fff) ||
    (unit >= 0xa960 && unit <= 0xa97f) ||
    (unit >= 0xac00 && unit <= 0xd7ff) ||
    (unit >= 0xf900 && unit <= 0xfaff) ||
    (unit >= 0xff00 && unit <= 0xffef)
  );
}
