import { mkdirSync } from 'node:fs';
import type { Entry, EntryStore, Listed } from '../../src/store/entries/store.ts';
import { readRecording, type Recorded, writeRecording } from '../../src/cli/cache/recording.ts';

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** A key with this number at its end. */
export const keyOf = (number: number): string => number.toString(16).padStart(32, '0');

/** The other way round: numbers differ in the first digits. */
export const headKey = (number: number): string => number.toString(16).padStart(8, '0').padEnd(32, 'a');

export const hour = 3_600_000;

export interface Made {
  readonly about?: Partial<Entry['about']>;
  readonly request?: string;
  readonly headers?: Entry['headers'];
  readonly body?: string | Uint8Array;
}

/** An entry of a chat; what is given is put in its place. */
export function entryWith({ about, request, headers, body }: Made = {}): Entry {
  const now = Date.now();
  return {
    about: {
      target: 'https://api.openai.com/v1',
      route: 'POST /v1/chat/completions',
      model: 'gpt-4o',
      user: '',
      storedAt: now - 60_000,
      expiresAt: now + hour,
      keptUntil: now + hour,
      ...about,
    },
    request: text(request ?? '{"messages":[{"content":"Hi","role":"user"}],"model":"gpt-4o"}'),
    headers: headers ?? [['content-type', 'application/json']],
    body:
      typeof body === 'object'
        ? body
        : text(body ?? '{"choices":[{"index":0,"message":{"role":"assistant","content":"Hello!"}}]}'),
  };
}

/** A recording of these, in the order given. */
export async function recordingOf(entries: readonly Recorded[]): Promise<string> {
  async function* all() {
    yield* entries;
  }
  let file = '';
  for await (const piece of writeRecording(all())) file += piece;
  return file;
}

/** What a recording holds; read in pieces of `size` bytes. */
export async function readAll(file: string | Uint8Array, size = 65_536): Promise<Recorded[]> {
  const bytes = typeof file === 'string' ? text(file) : file;
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const all: Recorded[] = [];
  for await (const recorded of readRecording(pieces())) all.push(recorded);
  return all;
}

export async function listOf(store: EntryStore): Promise<Listed[]> {
  const all: Listed[] = [];
  for await (const listed of store.list()) all.push(listed);
  return all;
}

/** A path that is there. */
export function made(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}
