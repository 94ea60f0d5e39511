import type { About, Entry } from '../../store/entries/store.ts';

/** The first line of a recording names the format. */
const FORMAT = 'aifd-recording';
const VERSION = 2;
/** The last line: without it the file was cut. */
const END = JSON.stringify({ end: true });
/** A line longer than this is not an entry that any cache would take. Bytes. */
const LONGEST_LINE = 2 ** 30;

/** A cached response under its key. */
export interface Recorded {
  readonly key: string;
  readonly entry: Entry;
}

/** The file is not a recording; the message names the line. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Entries as JSON lines: a line that names the format, one object a line, a line that ends it. Version control then
 * compares entries. The same entries give the same text. Holds one entry at a time.
 *
 * @param entries in the order of their keys
 */
export async function* writeRecording(entries: AsyncIterable<Recorded>): AsyncGenerator<string, void> {
  yield `${JSON.stringify({ format: FORMAT, version: VERSION })}\n`;
  for await (const { key, entry } of entries) {
    const { about, headers, request, body } = entry;
    const {
      target,
      route,
      model,
      user,
      storedAt,
      expiresAt,
      keptUntil,
      usageAsked,
      vary,
      overruled,
      rules: _rules,
      ...others
    } = about;
    // A field that joins About must join the recording: this line then fails to compile.
    others satisfies Record<string, never>;
    const line = {
      key,
      route,
      model,
      target,
      user,
      storedAt: timeText(storedAt),
      expiresAt: expiresAt === 0 ? null : timeText(expiresAt),
      keptUntil: keptUntil === 0 ? null : timeText(keptUntil),
      ...(usageAsked && { usageAsked }),
      ...(vary && { vary }),
      ...(overruled && { overruled }),
      request: bodyForm(request, false),
      headers,
      answer: bodyForm(body, isEventStream(headers)),
    };
    yield `${JSON.stringify(line)}\n`;
  }
  yield `${END}\n`;
}

/** A date where one says the same, else the number. */
function timeText(time: number): string | number {
  const date = new Date(time);
  return date.getTime() === time ? date.toISOString() : time;
}

/** The first form that gives back the very bytes: JSON where it is compact, events, text, base64. */
function bodyForm(bytes: Uint8Array, isEvents: boolean): unknown {
  if (bytes.length === 0) return null;
  const text = textOf(bytes);
  if (text === undefined) return { base64: Buffer.from(bytes).toString('base64') };
  if (isEvents) {
    const events = text.match(/[^]*?(?:\n\n|\r\n\r\n|\r\r)[\r\n]*|[^]+$/g) ?? [];
    return { events: events.map((event) => exactJson(/^data: (\{.*\})\n\n$/.exec(event)?.[1]) ?? event) };
  }
  const json = exactJson(text);
  return json === undefined ? { text } : { json };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The value of JSON text that JavaScript writes back letter for letter: numbers as 1.0 and doubled names it would not. */
export function exactJson(text: string | undefined): unknown {
  try {
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    return value !== undefined && JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

/** True for a response whose header fields say that it is a stream of events. */
export function isEventStream(headers: Entry['headers']): boolean {
  return headers.some(
    ([name, value]) => name.toLowerCase() === 'content-type' && /^text\/event-stream\b/i.test(value),
  );
}

/**
 * Reads what {@link writeRecording} wrote, or a person changed. Holds one line at a time.
 *
 * @throws {@link RecordingError} naming the line. A caller keeps nothing that it read before the end came.
 */
export async function* readRecording(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Recorded, void> {
  const lineOf = new Map<string, number>();
  let number = 0;
  let ended = false;
  for await (const line of linesOf(bytes)) {
    number += 1;
    if (number === 1) checkHead(line);
    else if (line.length === 0) continue;
    else if (ended) throw new RecordingError(`line ${number} stands behind the end`);
    else if (line.toString() === END) ended = true;
    else yield readLine(line, number, lineOf);
  }
  if (number === 0) throw new RecordingError('the file is empty');
  if (!ended) throw new RecordingError(`the last line is not ${END}: the file was cut`);
}

/** Without line ends and the byte order mark. @throws RecordingError when the last line has no end: the file was cut */
async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let number = 1;
  for await (const chunk of bytes) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...parts, chunk.subarray(from, end)]);
      parts = [];
      held = 0;
      from = end + 1;
      yield line.at(-1) === 13 ? line.subarray(0, -1) : line;
      number += 1;
    }
    if (from === chunk.length) continue;
    // The reader of a file may use its buffer again.
    parts.push(chunk.slice(from));
    held += chunk.length - from;
    if (held > LONGEST_LINE) throw new RecordingError(`line ${number} is longer than 1 GiB`);
  }
  if (held > 0) throw new RecordingError(`line ${number} has no end: the file was cut, or is no recording`);
}

function checkHead(line: Buffer): void {
  const text = textOf(line)?.replace(/^\uFEFF/, '');
  const { format, version } = parsedObject(text) ?? {};
  // Version 1 was one JSON document over many lines.
  if (text?.trim() === '{') throw new RecordingError(`its version is 1: ${howToMove}`);
  if (format !== FORMAT)
    throw new RecordingError(`line 1 is not {"format":"${FORMAT}","version":${VERSION}}`);
  if (version !== VERSION)
    throw new RecordingError(`its version is ${JSON.stringify(version)}; this aifd reads ${VERSION}`);
}

const howToMove = 'import it with the aifd that wrote it, then export it with this one';

function parsedObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const needed = new Set(
  'key route model target user storedAt expiresAt keptUntil request headers answer'.split(' '),
);
const known = new Set([...needed, 'usageAsked', 'vary', 'overruled']);

function readLine(line: Buffer, number: number, lineOf: Map<string, number>): Recorded {
  const fail = (reason: string): never => {
    throw new RecordingError(`line ${number}: ${reason}`);
  };
  const text = textOf(line) ?? fail('it is not UTF-8');
  const fields = parsedObject(text) ?? fail('it is not a JSON object');
  const unknown = Object.keys(fields).find((name) => !known.has(name));
  if (unknown !== undefined) fail(`unknown field ${JSON.stringify(unknown)}`);
  for (const name of needed) if (!Object.hasOwn(fields, name)) fail(`it has no ${name}`);
  const string = (name: string): string =>
    typeof fields[name] === 'string' ? fields[name] : fail(`${name} is not a string`);
  const key = string('key');
  if (!/^[0-9a-f]{32}$/.test(key)) fail('key is not 32 digits of 0-9 and a-f');
  const before = lineOf.get(key);
  if (before !== undefined) fail(`its key is also that of line ${before}`);
  lineOf.set(key, number);
  const time = (name: string): number => timeIn(fields[name]) ?? fail(`${name} is not ${aTime}`);
  const [storedAt, expiresAt, keptUntil] = [time('storedAt'), time('expiresAt'), time('keptUntil')];
  if (fields.storedAt === null) fail(`storedAt is not ${aTime}`);
  if (keptUntil !== 0 && (expiresAt === 0 || keptUntil < expiresAt)) fail('keptUntil is before expiresAt');
  if (!isHeaders(fields.headers)) fail('headers is not a list of [name, value] as HTTP allows them');
  const body = (name: string): Buffer => {
    const read = bodyIn(fields[name]);
    return typeof read === 'string' ? fail(`${name}: ${read}`) : read;
  };
  const about: About = {
    target: string('target'),
    route: string('route'),
    model: string('model'),
    user: string('user'),
    storedAt,
    expiresAt,
    keptUntil,
    ...(fields.usageAsked === true && { usageAsked: true }),
    ...(fields.overruled === true && { overruled: true }),
    ...(fields.vary !== undefined && { vary: varyIn(fields.vary) ?? fail('vary is not an object of texts') }),
  };
  const headers = fields.headers as Entry['headers'];
  return { key, entry: { about, request: body('request'), headers, body: body('answer') } };
}

const aTime = 'a time such as "2026-01-31T12:00:00.000Z"';

/** Milliseconds since the epoch; 0 for null, which is never. */
function timeIn(value: unknown): number | undefined {
  if (value === null) return 0;
  if (typeof value === 'number') return value >= 0 ? value : undefined;
  const time = typeof value === 'string' && /^[+-]?\d{4,6}-/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? undefined : time;
}

function varyIn(value: unknown): About['vary'] {
  const fields = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  const isGood = fields && Object.values(fields).every((text) => typeof text === 'string');
  return isGood ? (fields as Record<string, string>) : undefined;
}

function isHeaders(value: unknown): boolean {
  return Array.isArray(value) && value.every((pair) => Array.isArray(pair) && isHeader(pair));
}

function isHeader([name, value, ...more]: readonly unknown[]): boolean {
  if (typeof name !== 'string' || typeof value !== 'string' || more.length > 0) return false;
  // A line end would begin another field.
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[\r\n\0]/.test(value);
}

/** The bytes of a body in one of the forms that {@link bodyForm} writes; a text says what is wrong. */
function bodyIn(value: unknown): Buffer | string {
  if (value === null) return Buffer.alloc(0);
  const members = typeof value === 'object' ? Object.entries(value as object) : [];
  const [form, held] = (members[0] ?? []) as [string?, unknown?];
  if (members.length !== 1) return 'it is not null and has not exactly one of json, events, text and base64';
  if (form === 'json') return Buffer.from(JSON.stringify(held));
  if (form === 'text') return utf8Of(held, 'text');
  if (form === 'base64') {
    const bytes = Buffer.from(typeof held === 'string' ? held : '', 'base64');
    return bytes.toString('base64') === held ? bytes : 'base64 is damaged';
  }
  if (form !== 'events') return `unknown form ${JSON.stringify(form)}; known are json, events, text, base64`;
  if (!Array.isArray(held)) return 'events is not a list';
  const events: Buffer[] = [];
  for (const event of held as unknown[]) {
    const isJson = typeof event === 'object' && event !== null;
    const bytes = isJson ? Buffer.from(`data: ${JSON.stringify(event)}\n\n`) : utf8Of(event, 'an event');
    if (typeof bytes === 'string') return bytes;
    events.push(bytes);
  }
  return Buffer.concat(events);
}

function utf8Of(value: unknown, what: string): Buffer | string {
  if (typeof value !== 'string') return `${what} is not a string`;
  // Half a pair would become U+FFFD without a word.
  return value.isWellFormed() ? Buffer.from(value) : `${what} holds half a surrogate pair`;
}
