import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { openEntryStore } from '../../src/store/entries/open.ts';
import type { Entry } from '../../src/store/entries/store.ts';
import { chat, doneEvent, events, expectHit, statusOf } from './support.ts';
import { inLmdb, newFolder, spawnBefore, startNumbered } from './store-support.ts';

const stream: string = events('one ', 'two');

/** An upstream that streams. */
const startStreaming = () =>
  startNumbered(async (request) => {
    await request.whole();
    request.answer(200, stream, ['Content-Type: text/event-stream']);
  });

/** Makes of every entry what a version without these rules would have stored. @param body - of its body */
async function age(folder: string, body: (whole: Uint8Array) => Uint8Array): Promise<void> {
  const store = await openEntryStore('lmdb', join(folder, 'lmdb'), { maxSize: 2 ** 27 });
  const keys: string[] = [];
  for await (const { key } of store.list()) keys.push(key);
  for (const key of keys) {
    const entry = (await store.get(key)) as Entry;
    const { rules: _rules, ...about } = entry.about;
    await store.put(key, { ...entry, about, body: Buffer.from(body(entry.body)) });
  }
  await store.close();
  expect(keys.length).toBeGreaterThan(0);
}

const same = (whole: Uint8Array): Uint8Array => whole;
const withoutEnd = (whole: Uint8Array): Uint8Array => whole.subarray(0, whole.length - doneEvent.length);

test.each([
  ['on', 'is a miss', same, 'aifd; fwd=uri-miss; stored'],
  ['replay', 'that is whole is a hit', same, 'aifd; hit'],
  ['replay', 'that was cut is a miss', withoutEnd, 'aifd; detail=miss'],
])(
  'CACHE_MODE=%s: an entry of an older version %s',
  async (mode, _what, body, status) => {
    await using upstream = await startStreaming();
    const folder = newFolder();
    const asked = chat({ stream: true });
    const start = (how: string) => spawnBefore(upstream, { ...inLmdb(folder), CACHE_MODE: how });
    {
      await using first = await start(mode === 'on' ? 'on' : 'record');
      await first.ask(asked);
      await first.stop('SIGTERM');
    }
    await age(folder, body);
    await using second = await start(mode);
    const response = await second.ask(asked);
    if (status === 'aifd; hit') expectHit(response);
    else expect(statusOf(response)).toBe(status);
    expect(response.status).toBe(status.endsWith('miss') ? 504 : 200);
  },
  30_000,
);
