/**
 * Puts, replaces, reads and removes entries until it is killed: `bun level-writer.ts ENGINE FOLDER JOURNAL MAX_SIZE FIRST`.
 * What has resolved is in the journal, a line each, `put NAME GENERATION` or `removed NAME GENERATION`; what is
 * `removing` may have come to pass or not.
 */
import { openSync, writeSync } from 'node:fs';
import { Dice } from '../support/random.ts';
import { type LevelEngineName, levelEngines } from './level-engines.ts';
import { bytesOf, keyOf, sampleEntry } from './sample.ts';

const [engine, folder, journal, maxSize, first] = process.argv.slice(2) as [LevelEngineName, ...string[]];
const store = await levelEngines[engine](folder!, { maxSize: Number(maxSize) });
const file = openSync(journal!, 'a');
const dice = new Dice(Number(first));
let generation = Number(first);

for (;;) {
  const names = new Set(Array.from({ length: dice.int(1, 40) }, () => dice.int(0, 2000)));
  const changes = [...names].map(async (name) => {
    const key = keyOf(name);
    const model = `${name} ${++generation}`;
    if (dice.chance(0.1)) {
      writeSync(file, `removing ${model}\n`);
      await store.remove([key]);
      writeSync(file, `removed ${model}\n`);
      return;
    }
    const length = dice.chance(0.02) ? dice.int(0, 300_000) : dice.int(0, 4000);
    await store.put(key, sampleEntry(bytesOf(model, length), { model }));
    writeSync(file, `put ${model}\n`);
  });
  store.get(keyOf(dice.int(0, 2000)));
  await Promise.all(changes);
}
