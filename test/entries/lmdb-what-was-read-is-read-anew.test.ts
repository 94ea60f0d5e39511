import { expect, test } from 'bun:test';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { until } from '../support/until.ts';
import { emptyDir } from './processes.ts';
import { bytesOf, keyOf, sampleEntry } from './sample.ts';

const maxSize = 64 * 2 ** 20;
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

for (const length of [5, 3000, 9000, 200_000]) {
  test(`another store’s put and removal of ${length} bytes that this one read before are seen`, async () => {
    const path = emptyDir();
    const here = await openEntryStore('lmdb', path, { maxSize });
    const there = await openEntryStore('lmdb', path, { maxSize });
    const key = keyOf(1);
    const first = sampleEntry(bytesOf(1, length), { storedAt: 1 });
    // As long, told alike but for the time, and other bytes at the very end only.
    const body = Buffer.from(first.body);
    body[length - 1]! ^= 1;
    const second = sampleEntry(body, { ...first.about, storedAt: 2 });
    await there.put(key, first);
    for (let i = 0; i < 3; i++) expect(await here.get(key)).toEqual(first);
    await there.put(key, second);
    await until(async () => (await here.get(key))?.about.storedAt === 2);
    for (let i = 0; i < 3; i++) expect(await here.get(key)).toEqual(second);
    await there.remove([key]);
    await until(async () => (await here.get(key)) === undefined);
    await there.put(key, first);
    await until(async () => (await here.get(key)) !== undefined);
    expect(await here.get(key)).toEqual(first);
    await Promise.all([here.close(), there.close()]);
  });
}

test('what no longer is to be kept is not given because it was read before', async () => {
  const store = await openEntryStore('lmdb', emptyDir(), { maxSize });
  const end = Date.now() + 150;
  await store.put(keyOf(1), sampleEntry('short', { expiresAt: end, keptUntil: end }));
  expect(await store.get(keyOf(1))).toBeDefined();
  while (Date.now() < end) await nextTurn();
  expect(await store.get(keyOf(1))).toBeUndefined();
  await store.close();
});
