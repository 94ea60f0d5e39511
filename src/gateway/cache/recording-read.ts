import type { Entry } from '../../store/entries/store.ts';
import { BadBody, readBody } from './recording-body.ts';
import { membersOf } from './recording-json.ts';
import { type Part, RecordingSplitter } from './recording-split.ts';
import { FORMAT, type Recorded, VERSION } from './recording.ts';

/** What was read is no recording; the message says where. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError';
}

/** A field of an entry is missing or wrong. */
class BadField extends Error {
  override readonly name = 'BadField';
}

/**
 * Reads what `writeRecording` wrote, or a person or a formatter changed. Only the last read and one entry are held.
 *
 * @throws {@link RecordingError} that names entry and line, wherever the damage is: before the end came without one, nothing
 * read is to be relied on
 */
export async function* readRecording(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Recorded, void> {
  const splitter = new RecordingSplitter();
  const lineOf = new Map<string, number>();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let count = 0;
  for await (const chunk of bytes) {
    for (const part of splitter.feed(chunk)) {
      count += 1;
      if (count === 1) checkHead(splitter.headSoFar);
      yield readEntry(part, count, decoder, lineOf);
    }
    if (splitter.isStrange) throw new RecordingError('it is no recording of aifd');
  }
  const where = splitter.unfinished;
  if (where !== undefined) {
    throw new RecordingError(`it ends within entry ${count + 1}, which begins in line ${where}`);
  }
  const head = parsed(splitter.head);
  if (head === undefined) throw new RecordingError('it is cut short, or no recording of aifd');
  checkHead(head);
  checkEntries(head, count);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** @param head what is known of the recording but its entries; undefined while that can't be told */
function checkHead(head: unknown): void {
  if (head === undefined) return;
  const { format, version } = (head ?? {}) as Record<string, unknown>;
  if (format !== FORMAT) throw new RecordingError(`its format is not "${FORMAT}"`);
  if (version === VERSION) return;
  throw new RecordingError(`its version is ${JSON.stringify(version)}: this aifd reads ${VERSION}`);
}

/** @param count how many objects were found; each left a 0 in the head */
function checkEntries(head: unknown, count: number): void {
  const { entries, ...others } = head as Record<string, unknown>;
  const strange = Object.keys(others).find((name) => name !== 'format' && name !== 'version');
  if (strange !== undefined) throw new RecordingError(`it has a field "${strange}", which there is not`);
  const isList = Array.isArray(entries) && entries.length === count && entries.every((entry) => entry === 0);
  if (!isList) throw new RecordingError('its "entries" is no list of objects');
}

function readEntry(
  { bytes, line }: Part,
  number: number,
  decoder: TextDecoder,
  lineOf: Map<string, number>,
): Recorded {
  let name = `entry ${number} (line ${line})`;
  try {
    const text = decoder.decode(bytes);
    JSON.parse(text);
    const fields = fieldsOf(text);
    const key = fieldOf(fields, 'key', (value) => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value));
    name = `entry ${number} (line ${line}, key ${String(key).slice(0, 12)}…)`;
    const before = lineOf.get(key as string);
    if (before !== undefined) throw new BadField(`its key is that of the entry in line ${before}`);
    lineOf.set(key as string, line);
    return { key: key as string, entry: entryOf(fields) };
  } catch (error) {
    throw new RecordingError(`${name}: ${reasonOf(error as Error)}`);
  }
}

function reasonOf(error: Error): string {
  if (error instanceof BadField || error instanceof BadBody) return error.message;
  if (error instanceof TypeError) return 'it is not UTF-8';
  return `it is no JSON: ${error.message.replace(/^JSON Parse error: /, '')}`;
}

const names = [
  'key',
  'route',
  'model',
  'target',
  'user',
  'storedAt',
  'expiresAt',
  'keptUntil',
  'request',
  'headers',
  'answer',
];

/** May be missing. */
const optional = new Set(['usageAsked']);

/** The fields as they are written. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of membersOf(text)) {
    if (!names.includes(name) && !optional.has(name))
      throw new BadField(`it has a field ${JSON.stringify(name)}, which there is not`);
    if (fields.has(name)) throw new BadField(`it has ${name} twice`);
    fields.set(name, value);
  }
  const missing = names.find((name) => !fields.has(name));
  if (missing !== undefined) throw new BadField(`it has no ${missing}`);
  return fields;
}

function entryOf(fields: ReadonlyMap<string, string>): Entry {
  const text = (name: string) => fieldOf(fields, name, (value) => typeof value === 'string') as string;
  const expiresAt = timeOf(fields, 'expiresAt');
  const keptUntil = timeOf(fields, 'keptUntil');
  if (keptUntil !== 0 && (expiresAt === 0 || keptUntil < expiresAt))
    throw new BadField('keptUntil is before expiresAt');
  return {
    about: {
      target: text('target'),
      route: text('route'),
      model: text('model'),
      user: text('user'),
      storedAt: timeOf(fields, 'storedAt', 'needed'),
      expiresAt,
      keptUntil,
      ...(fields.get('usageAsked') === 'true' && { usageAsked: true as const }),
    },
    request: bodyOf(fields, 'request'),
    headers: fieldOf(fields, 'headers', isHeaders) as Entry['headers'],
    body: bodyOf(fields, 'answer'),
  };
}

function fieldOf(fields: ReadonlyMap<string, string>, name: string, isGood: (value: unknown) => boolean) {
  const value: unknown = JSON.parse(fields.get(name)!);
  if (!isGood(value)) throw new BadField(`${name} is ${complaints[name] ?? 'no string'}`);
  return value;
}

const complaints: Record<string, string> = {
  key: 'not 32 digits of 0-9 and a-f',
  headers: 'no list of [name, value] as HTTP allows them',
};

function bodyOf(fields: ReadonlyMap<string, string>, name: string): Buffer {
  try {
    return readBody(fields.get(name)!);
  } catch (error) {
    throw error instanceof BadBody ? new BadBody(`${name}: ${error.message}`) : error;
  }
}

/** Milliseconds; `null` is never, 0. */
function timeOf(fields: ReadonlyMap<string, string>, name: string, isNeeded?: 'needed'): number {
  const value: unknown = JSON.parse(fields.get(name)!);
  if (value === null && isNeeded === undefined) return 0;
  if (typeof value === 'number' && value >= 0) return value;
  const time = typeof value === 'string' && /^[+-]?\d{4,6}-/.test(value) ? Date.parse(value) : NaN;
  if (Number.isNaN(time)) {
    throw new BadField(`${name} is no time as "2026-01-31T12:00:00.000Z"${isNeeded ? '' : ', and not null'}`);
  }
  return time;
}

function isHeaders(value: unknown): boolean {
  return Array.isArray(value) && value.every((pair) => Array.isArray(pair) && isHeader(pair));
}

function isHeader([name, value, ...more]: readonly unknown[]): boolean {
  if (typeof name !== 'string' || typeof value !== 'string' || more.length > 0) return false;
  // What would end the field, and begin another.
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[\r\n\0]/.test(value);
}
