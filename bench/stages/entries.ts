import { decodeEntry, encodeEntry } from '../../src/store/entries/codec.ts';
import { openEntryStore } from '../../src/store/entries/open.ts';
import type { Entry } from '../../src/store/entries/store.ts';
import { plainAnswer, question } from './samples.ts';
import type { Stage } from './stage.ts';

const HOUR = 3_600_000;
const size = { maxSize: 2 ** 27 };

const keyOf = (name: number): string =>
  new Bun.CryptoHasher('sha256').update(String(name)).digest('hex').slice(0, 32);

/** Kept answers: as bytes and back, in memory and in LMDB. */
export async function entries(folder: string): Promise<Stage> {
  const entry = sample();
  const bytes = encodeEntry(entry);
  const memory = await openEntryStore('memory', folder, size);
  const lmdb = await openEntryStore('lmdb', folder, size);
  const keys = Array.from({ length: 1000 }, (_, i) => keyOf(i));
  await Promise.all(keys.flatMap((key) => [memory.put(key, entry), lmdb.put(key, entry)]));
  let turn = 0;
  const next = (): string => keys[turn++ % keys.length]!;
  return {
    cases: [
      { name: 'to bytes', run: () => encodeEntry(entry) },
      { name: 'from bytes', run: () => decodeEntry(bytes) },
      { name: 'memory, got', run: () => memory.get(next()) },
      { name: 'memory, put', run: () => memory.put(next(), entry) },
      { name: 'LMDB, got', run: () => lmdb.get(next()) },
      { name: 'LMDB, not there', run: () => lmdb.get('f'.repeat(32)) },
      {
        name: 'LMDB, put, 64 at once',
        run: () => Promise.all(Array.from({ length: 64 }, () => lmdb.put(next(), entry))),
        per: 64,
      },
    ],
    close: () => Promise.all([memory.close(), lmdb.close()]),
  };
}

function sample(): Entry {
  const storedAt = Date.now();
  return {
    about: {
      target: 'https://api.openai.com',
      route: 'POST /v1/chat/completions',
      model: 'gpt-4o-mini',
      user: '',
      storedAt,
      expiresAt: storedAt + HOUR,
      keptUntil: storedAt + HOUR,
    },
    request: Buffer.from(question(200)),
    headers: [['content-type', 'application/json']],
    body: Buffer.from(plainAnswer),
  };
}
