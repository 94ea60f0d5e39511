import { afterEach, expect, setSystemTime, test } from 'bun:test';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { bytesOf, keyOf, sampleEntry } from './sample.ts';

afterEach(() => void setSystemTime());

test('in LMDB, what was put while the clock ran ahead goes before what was put since', async () => {
  const path = mkdtempSync(join(tmpdir(), 'aifd-entries-'));
  const open = () => openEntryStore('lmdb', path, { maxSize: 2 ** 20 });
  const put = (store: Awaited<ReturnType<typeof open>>, i: number) =>
    store.put(keyOf(i), sampleEntry(bytesOf(i, 20_000), { expiresAt: 0, keptUntil: 0 }));
  setSystemTime(new Date(Date.now() + 300 * 86_400_000));
  let store = await open();
  for (let i = 0; i < 60; i++) await put(store, i);
  await store.close();
  setSystemTime();
  store = await open();
  for (let i = 100; i < 120; i++) await put(store, i);
  for (let i = 100; i < 120; i++) expect(await store.get(keyOf(i))).toBeDefined();
  for await (const { usedAt } of store.list()) expect(usedAt).toBeLessThanOrEqual(Date.now());
  await store.close();
});

test.skipIf(!hasRedis)('the same in Redis', async () => {
  await using redis = await startRedis();
  const store = await openEntryStore(redis.url, '', { maxSize: 2 ** 20 });
  const put = (i: number) =>
    store.put(keyOf(i), sampleEntry(bytesOf(i, 20_000), { expiresAt: 0, keptUntil: 0 }));
  setSystemTime(new Date(Date.now() + 300 * 86_400_000));
  for (let i = 0; i < 60; i++) await put(i);
  await store.close();
  setSystemTime();
  const later = await openEntryStore(redis.url, '', { maxSize: 2 ** 20 });
  for (let i = 100; i < 120; i++)
    await later.put(keyOf(i), sampleEntry(bytesOf(i, 20_000), { expiresAt: 0, keptUntil: 0 }));
  for (let i = 100; i < 120; i++) expect(await later.get(keyOf(i))).toBeDefined();
  await later.close();
});
