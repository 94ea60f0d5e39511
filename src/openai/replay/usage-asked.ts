import { dataIn, eventsIn } from '../events.ts';
import { objectOf } from '../json.ts';

const usageName = '"usage"';
const nullAtEnd = ',"usage":null}';

/**
 * A stream of chat or completions as `include_usage` would have it.
 *
 * OpenAI sends usage only when it was asked for: in an event of its own, whose choices are empty, and as null with all
 * others; these are cut out, the rest is left byte for byte. Servers that have usage only in an event with choices
 * (Mistral, DeepSeek, OpenRouter) send it to whoever asks: there nothing is cut.
 * @returns `body` itself when nothing has to change; undefined when usage is asked for and not there, or can't be cut
 */
export function asUsageAsked(body: Uint8Array, includeUsage: boolean): Uint8Array | undefined {
  // Fast path: kept without, asked without.
  if (Buffer.prototype.indexOf.call(body, usageName) < 0) return includeUsage ? undefined : body;
  if (includeUsage && hasUsageLast(body)) return body;
  // As Latin-1 each byte is a character: what is not touched stays as it is, valid or not.
  const events = eventsIn(Buffer.prototype.latin1Slice.call(body, 0, body.length));
  const kinds = events.map(kindOf);
  if (includeUsage)
    return kinds.some((kind) => kind === 'only usage' || kind === 'has usage') ? body : undefined;
  if (!kinds.includes('only usage')) return body;
  let text = '';
  for (const [index, event] of events.entries()) {
    const kind = kinds[index]!;
    const cut = kind === 'no usage' ? event : kind === 'only usage' ? '' : withoutUsage(event);
    if (cut === undefined) return undefined;
    text += cut;
  }
  return Buffer.from(text, 'latin1');
}

/** Fast path: the last event that names usage has it. */
function hasUsageLast(body: Uint8Array): boolean {
  const at = Buffer.prototype.lastIndexOf.call(body, usageName);
  const start = Buffer.prototype.lastIndexOf.call(body, '\n\n', at);
  const end = Buffer.prototype.indexOf.call(body, '\n\n', at);
  if (start < 0 || end < 0) return false;
  const kind = kindOf(Buffer.prototype.latin1Slice.call(body, start + 2, end + 2));
  return kind === 'only usage' || kind === 'has usage';
}

type Kind = 'no usage' | 'null' | 'has usage' | 'only usage';

function kindOf(event: string): Kind {
  if (!event.includes(usageName)) return 'no usage';
  const data = dataIn(event);
  // Fast path: nearly every event ends so, and the last brace is that of the whole.
  if (data?.endsWith(nullAtEnd)) return 'null';
  const fields = data === undefined ? undefined : objectOf(JSON.parse(data));
  if (!fields || !Object.hasOwn(fields, 'usage')) return 'no usage';
  if (!objectOf(fields.usage)) return 'null';
  const { choices } = fields;
  return Array.isArray(choices) && choices.length > 0 ? 'has usage' : 'only usage';
}

/** The event without the member `usage`; undefined when its data is on several lines. */
function withoutUsage(event: string): string | undefined {
  const data = dataIn(event)!;
  const at = event.indexOf(data);
  if (at < 0) return undefined;
  const isLast = data.endsWith(nullAtEnd);
  const cut = isLast ? `${data.slice(0, -nullAtEnd.length)}}` : withoutMember(data, usageName);
  return cut === undefined ? undefined : event.slice(0, at) + cut + event.slice(at + data.length);
}

/** A JSON object's text without a member of its own. @param name - as it is written, with its quotes */
function withoutMember(json: string, name: string): string | undefined {
  // Where the member before ends: it and what follows are cut, with one comma.
  let before = json.indexOf('{') + 1;
  for (let at = skipSpace(json, before); json[at] === '"';) {
    const nameEnd = skipValue(json, at);
    const end = skipValue(json, skipSpace(json, skipSpace(json, nameEnd) + 1));
    const next = skipSpace(json, end);
    const isLast = json[next] !== ',';
    if (json.slice(at, nameEnd) === name) {
      const isFirst = json[before] !== ',';
      return (
        json.slice(0, isFirst ? at : before) +
        json.slice(isFirst && !isLast ? skipSpace(json, next + 1) : end)
      );
    }
    before = next;
    at = skipSpace(json, next + 1);
  }
  return undefined;
}

function skipSpace(json: string, from: number): number {
  let at = from;
  while (json.charCodeAt(at) <= 0x20) at++;
  return at;
}

const QUOTE = 34;
const BACKSLASH = 92;
const isSpace = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;
const isEnd = (code: number): boolean => code === 44 || code === 93 || code === 125 || isSpace(code);

/** The index behind the value that begins at `at`. @param json valid JSON */
function skipValue(json: string, at: number): number {
  let depth = 0;
  let i = at;
  do {
    const code = json.charCodeAt(i);
    if (code === QUOTE) i = skipString(json, i);
    else if (code === 123 || code === 91) {
      depth++;
      i++;
    } else if (code === 125 || code === 93) {
      depth--;
      i++;
    } else if (depth > 0) i++;
    else while (i < json.length && !isEnd(json.charCodeAt(i))) i++;
  } while (depth > 0);
  return i;
}

function skipString(json: string, at: number): number {
  for (let i = at + 1; ;) {
    const end = json.indexOf('"', i);
    let before = end - 1;
    while (json.charCodeAt(before) === BACKSLASH) before--;
    if ((end - before) % 2 === 1) return end + 1;
    i = end + 1;
  }
}
