import { expect, test } from 'bun:test';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { emptyDir, expectSumsRight, sizeOfFolder, spawnUser } from './processes.ts';
import { recordsOf } from './lmdb-records.ts';

const MIB = 2 ** 20;

test('four processes put, get and remove at random: none gets what nobody put', async () => {
  const path = emptyDir();
  const maxSize = 4 * MIB;
  const users = [1, 2, 3, 4].map((seed) => spawnUser('lmdb', path, maxSize, seed, 250));
  const outputs = await Promise.all(users.map(({ stdout }) => new Response(stdout).text()));
  for (const output of outputs) {
    const counts = JSON.parse(/done (.*)/.exec(output)![1]!);
    expect(counts).toMatchObject({ wrong: 0, failed: 0 });
    expect(counts.hits).toBeGreaterThan(100);
    expect(counts.puts).toBeGreaterThan(1000);
  }
  expect(sizeOfFolder(path)).toBeLessThan(1.15 * maxSize + 2 * MIB);
  const store = await openEntryStore('lmdb', path, { maxSize });
  expect((await store.stats()).bytes).toBeLessThanOrEqual(maxSize);
  await expectSumsRight(store);
  await store.close();
  // No piece of an entry is left, and no place in the order: the two that stay are none.
  expect(await recordsOf(path)).toBe(2);
}, 60_000);
