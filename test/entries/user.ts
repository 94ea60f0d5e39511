/**
 * One of several processes that use one store: `bun user.ts BACKEND PATH MAX_SIZE SEED ROUNDS`. Puts, gets and removes at
 * random, and looks whether what it gets is what somebody put. Prints a line `name model` for what is kept after each
 * put, and at the end `done` with the counts as JSON. With 0 rounds it goes on until it is killed.
 */
import { writeSync } from 'node:fs';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { Dice } from '../support/random.ts';
import { isRight, keyOf, sampleEntry, bytesOf } from './sample.ts';

const [backend = '', path = '', maxSize, seed = '', rounds] = process.argv.slice(2);
const NAMES = 120;
const LENGTHS = [0, 200, 1500, 2500, 4000, 9000, 60_000, 300_000];
const store = await openEntryStore(backend, path, { maxSize: Number(maxSize) });
const dice = new Dice(Number(seed));
const counts = { puts: 0, hits: 0, wrong: 0, failed: 0 };

async function put(name: number, round: number): Promise<void> {
  const model = `${name} ${seed} ${round}`;
  await store.put(keyOf(name), sampleEntry(bytesOf(model, dice.pick(LENGTHS)), { model }));
  counts.puts += 1;
  // Synchronous: what was printed was committed before.
  writeSync(1, `${model}\n`);
}

async function get(name: number): Promise<void> {
  const entry = await store.get(keyOf(name));
  if (entry === undefined) return;
  if (isRight(name, entry)) counts.hits += 1;
  else counts.wrong += 1;
}

for (let round = 1; Number(rounds) === 0 || round <= Number(rounds); round++) {
  // One of each name at once, so that the last line of a name is what was put last.
  const names = new Set(Array.from({ length: 6 }, () => dice.int(0, NAMES)));
  const calls: Promise<unknown>[] = [...names].map((name) => put(name, round));
  for (let i = 0; i < 12; i++) calls.push(get(dice.int(0, NAMES)));
  if (Number(rounds) > 0 && dice.chance(0.2)) calls.push(store.remove([keyOf(dice.int(0, NAMES))]));
  for (const { status } of await Promise.allSettled(calls)) if (status === 'rejected') counts.failed += 1;
}
await store.close();
console.log(`done ${JSON.stringify(counts)}`);
process.exit(0);
