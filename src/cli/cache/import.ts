import { RULES } from '../../gateway/cache/answers.ts';
import { readRecording, RecordingError } from './recording.ts';
import { decodeEntry, encodeEntry } from '../../store/entries/codec.ts';
import type { Entry, EntryStore } from '../../store/entries/store.ts';
import { exitCodes } from '../exit.ts';
import type { Action } from './action.ts';
import { isExpired, readTime } from './filters.ts';
import { CacheProblem } from './problem.ts';
import { entries, size } from './words.ts';

/** Entries that are written at once. */
const AT_ONCE = 16;

/** An entry that waits until the whole file has been read: its bytes, no views on the file. */
type Waiting = readonly [key: string, bytes: Buffer];

export const importEntries: Action = {
  summary: 'read such a file: all of its entries, or none when it is damaged',
  usage: 'FILE [--ttl TIME]',
  help: [
    ['FILE', 'As aifd cache export wrote it, answers perhaps edited; - is standard input'],
    ['--ttl TIME', 'Fresh for so long from now, and not until what the file says; 0: for ever'],
  ],
  grammar: { values: ['ttl'], operand: { name: 'FILE', isNeeded: true } },
  isWriting: true,
  prepare: ({ operand, values }) => {
    const path = operand!;
    const ttl = values.has('ttl') ? readTime('--ttl', values.get('ttl')!) : undefined;
    return async ({ store, maxSize }, out) => {
      const now = Date.now();
      const { waiting, expired, personal } = await readAll(path, ttl, now);
      await putAll(store, waiting);
      await out.line(`imported ${entries(waiting.length)}`);
      if (expired > 0)
        console.error(`aifd: ${expired} of them had expired already: --ttl 0 imports them for ever`);
      if (personal > 0)
        console.error(
          `aifd: ${personal} of them answer one user's key only, and no replay: record with CACHE_MODE=record for that`,
        );
      const bytes = waiting.reduce((sum, [, entry]) => sum + entry.length, 0);
      if (bytes > maxSize)
        console.error(
          `aifd: that is ${size(bytes)}, more than CACHE_MAX_SIZE: the first of them are gone again`,
        );
      return exitCodes.clean;
    };
  },
};

async function readAll(path: string, ttl: number | undefined, now: number) {
  const waiting: Waiting[] = [];
  let [expired, personal] = [0, 0];
  try {
    for await (const { key, entry } of readRecording(bytesOf(path))) {
      // The operator answers for what is imported: it counts as judged by the rules of today.
      const judged = { ...entry, about: { ...entry.about, rules: RULES } };
      const lasting = ttl === undefined ? judged : withTtl(judged, ttl, now);
      if (isExpired(lasting.about, now)) expired += 1;
      if (entry.about.user !== '') personal += 1;
      waiting.push([key, encodeEntry(lasting)]);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof RecordingError) throw new CacheProblem(`${path}: ${message}; nothing was imported`);
    throw code === undefined ? error : new CacheProblem(`${path} can't be read: ${message}`);
  }
  return { waiting, expired, personal };
}

function bytesOf(path: string): AsyncIterable<Uint8Array> {
  return path === '-' ? Bun.stdin.stream() : Bun.file(path).stream();
}

/** What it is kept for beyond its time it is kept for still. */
function withTtl(entry: Entry, seconds: number, now: number): Entry {
  const { about } = entry;
  const expiresAt = seconds === 0 ? 0 : now + seconds * 1000;
  const isForEver = expiresAt === 0 || about.keptUntil === 0;
  const keptUntil = isForEver ? 0 : expiresAt + (about.keptUntil - about.expiresAt);
  return { ...entry, about: { ...about, expiresAt, keptUntil } };
}

/** @throws CacheProblem that says how far it came */
async function putAll(store: EntryStore, waiting: readonly Waiting[]): Promise<void> {
  for (let at = 0; at < waiting.length; at += AT_ONCE) {
    const puts = waiting.slice(at, at + AT_ONCE).map(([key, bytes]) => store.put(key, decodeEntry(bytes)));
    const failed = (await Promise.allSettled(puts)).find(({ status }) => status === 'rejected');
    if (failed === undefined) continue;
    const { message } = (failed as PromiseRejectedResult).reason as Error;
    throw new CacheProblem(`not all could be imported, but about ${at} of ${waiting.length}: ${message}`);
  }
}
