import { expect, test } from 'bun:test';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EntryStore } from '../../src/store/entries/store.ts';
import { Dice } from '../support/random.ts';
import { until } from '../support/until.ts';
import { emptyFolder, type LevelEngineName, levelEngineNames, levelEngines } from './level-engines.ts';
import { isBodyOf, keyOf } from './sample.ts';

const ROUNDS = 5;
/** Of the small one entries go all the time; whatever the folder looks like, half of it is there. */
const SIZES = [2 ** 27, 2 ** 22];
const SURELY_KEPT = 0.45;

const cases = levelEngineNames.flatMap((engine) => SIZES.map((maxSize) => [engine, maxSize] as const));

test.each(cases)(
  '%s of %d bytes opens after kill -9, with all that was put and nothing else',
  async (engine, maxSize) => {
    const dice = new Dice(maxSize);
    const folder = emptyFolder();
    const journal = join(emptyFolder(), 'journal');
    for (let round = 0; round < ROUNDS; round++) {
      await killWriter(dice, engine, folder, journal, maxSize, (round + 1) * 1_000_000);
      const store = await levelEngines[engine](folder, { maxSize });
      await expectRight(store, readFileSync(journal, 'utf8'), maxSize);
      await store.close();
    }
  },
  60_000,
);

async function killWriter(
  dice: Dice,
  engine: LevelEngineName,
  folder: string,
  journal: string,
  maxSize: number,
  first: number,
) {
  const lengthOf = () => statSync(journal, { throwIfNoEntry: false })?.size ?? 0;
  const before = lengthOf();
  const enough = dice.int(1, 60_000);
  const writer = join(import.meta.dir, 'level-writer.ts');
  const child = Bun.spawn(
    [process.execPath, writer, engine, folder, journal, String(maxSize), String(first)],
    {
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'inherit',
    },
  );
  try {
    await until(() => lengthOf() - before > enough || child.exitCode !== null, 'enough is written', 20_000);
    expect(child.exitCode).toBeNull();
  } finally {
    child.kill('SIGKILL');
    await child.exited;
  }
}

async function expectRight(store: EntryStore, journal: string, maxSize: number): Promise<void> {
  const wrong: string[] = [];
  let room = maxSize * SURELY_KEPT;
  const seen = new Set<string>();
  for (const line of journal.split('\n').toReversed()) {
    const [what, name, generation] = line.split(' ');
    if (!name || seen.has(name)) continue;
    seen.add(name);
    const entry = await store.get(keyOf(name));
    if (entry === undefined) {
      if (what === 'put' && room > 0) wrong.push(`${line} is gone`);
      continue;
    }
    room -= entry.body.length + 1000;
    const { model } = entry.about;
    const [owner, kept] = model.split(' ');
    if (owner !== name || !isBodyOf(model, entry.body)) wrong.push(`${name} gave ${model}`);
    // A newer one is right: it was written, and killed before it could say so.
    const isRight =
      Number(kept) > Number(generation) || (Number(kept) === Number(generation) && what === 'put');
    if (!isRight && what !== 'removing') wrong.push(`${line} gave ${kept}`);
  }
  expect(wrong).toEqual([]);
  let [entries, bytes] = [0, 0];
  for await (const { size } of store.list()) {
    entries++;
    bytes += size;
  }
  expect(await store.stats()).toEqual({ entries, bytes });
}
