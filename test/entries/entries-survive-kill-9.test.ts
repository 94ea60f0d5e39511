import { expect, test } from 'bun:test';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { emptyDir, expectSumsRight, spawnUser } from './processes.ts';
import { recordsOf } from './lmdb-records.ts';
import { isRight, keyOf } from './sample.ts';

const MIB = 2 ** 20;

test.each([
  ['with room for all', 64 * MIB, true],
  ['while others go for it', 3 * MIB, false],
])(
  'killed twenty times while it writes, it opens and has what was put: %s',
  async (_what, maxSize, keepsAll) => {
    const path = emptyDir();
    const committed = new Map<string, number>();
    for (let round = 1; round <= 20; round++) {
      const user = spawnUser('lmdb', path, maxSize, round, 0);
      await killWithin(user, 20 + 7 * round, (name, version) => committed.set(name, round * 1e6 + version));
      const store = await openEntryStore('lmdb', path, { maxSize });
      for (const [name, version] of committed) {
        const entry = await store.get(keyOf(name));
        if (entry === undefined) {
          expect({ name, keepsAll }).toEqual({ name, keepsAll: false });
          continue;
        }
        expect({ name, isRight: isRight(name, entry) }).toEqual({ name, isRight: true });
        const [, seed, of] = entry.about.model.split(' ').map(Number);
        // A later one may have been committed, and its line not written.
        expect(seed! * 1e6 + of!).toBeGreaterThanOrEqual(version);
      }
      await store.close();
    }
    expect(committed.size).toBeGreaterThan(50);
    const store = await openEntryStore('lmdb', path, { maxSize });
    await expectSumsRight(store);
    await store.close();
    expect(await recordsOf(path)).toBe(2);
  },
  90_000,
);

/** Kills it when it has told of so many puts. @param note is given what was kept */
async function killWithin(
  user: ReturnType<typeof spawnUser>,
  enough: number,
  note: (name: string, version: number) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of user.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split('\n').length > enough) user.kill('SIGKILL');
  }
  await user.exited;
  expect(user.signalCode).toBe('SIGKILL');
  for (const line of text.split('\n').slice(0, -1)) {
    const [name = '', , version] = line.split(' ');
    note(name, Number(version));
  }
}
