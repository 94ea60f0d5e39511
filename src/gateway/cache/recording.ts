import type { About, Entry } from '../../store/entries/store.ts';
import { writeBody } from './recording-body.ts';

/** The beginning of a recording says what it is. */
export const FORMAT = 'aifd-recording';
export const VERSION = 1;

/** A kept answer under its key. */
export interface Recorded {
  readonly key: string;
  readonly entry: Entry;
}

/**
 * Entries as one JSON file to be read, committed and compared: the same entries are the same text. It holds nothing of the
 * machine; `recording-read.ts` reads it. Only one entry is held at a time.
 *
 * @param entries in the order of their keys
 */
export async function* writeRecording(entries: AsyncIterable<Recorded>): AsyncGenerator<string, void> {
  yield `{\n  "format": "${FORMAT}",\n  "version": ${VERSION},\n  "entries": [`;
  let count = 0;
  for await (const recorded of entries) yield `${count++ === 0 ? '' : ','}\n${writeEntry(recorded)}`;
  yield `${count === 0 ? '' : '\n  '}]\n}\n`;
}

const margin = '      ';

function writeEntry({ key, entry }: Recorded): string {
  const { about, headers, request, body } = entry;
  const members = {
    key: JSON.stringify(key),
    ...writeAbout(about),
    request: writeBody(request, false, margin),
    headers: writeHeaders(headers),
    answer: writeBody(body, isEventStream(headers), margin),
  };
  const lines = Object.entries(members).map(([name, value]) => `${margin}"${name}": ${value}`);
  return `    {\n${lines.join(',\n')}\n    }`;
}

function writeAbout(about: About) {
  const { target, route, model, user, storedAt, expiresAt, keptUntil, usageAsked } = about;
  return {
    route: JSON.stringify(route),
    model: JSON.stringify(model),
    target: JSON.stringify(target),
    user: JSON.stringify(user),
    storedAt: writeTime(storedAt),
    expiresAt: expiresAt === 0 ? 'null' : writeTime(expiresAt),
    keptUntil: keptUntil === 0 ? 'null' : writeTime(keptUntil),
    ...(usageAsked && { usageAsked: 'true' }),
  };
}

/** A number where no date says it. */
function writeTime(time: number): string {
  const date = new Date(time);
  return date.getTime() === time ? JSON.stringify(date) : String(time);
}

function writeHeaders(headers: Entry['headers']): string {
  if (headers.length === 0) return '[]';
  const lines = headers.map(([name, value]) => `[${JSON.stringify(name)}, ${JSON.stringify(value)}]`);
  return `[\n${lines.map((line) => `${margin}  ${line}`).join(',\n')}\n${margin}]`;
}

/** Whether an answer with these fields is a stream of events. */
export function isEventStream(headers: Entry['headers']): boolean {
  return headers.some(
    ([name, value]) => name.toLowerCase() === 'content-type' && /^text\/event-stream\b/i.test(value),
  );
}
