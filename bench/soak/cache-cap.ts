/**
 * A cap under a load of three times its size: `bun bench/soak/cache-cap.ts [backend] [cap, MiB]`. Puts entries of 200 bytes to a
 * megabyte, reads back at random what was put, and looks at the folder. It fails when the folder was ever over 1.15 of the
 * cap, or an answer was not what was put.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEntryStore } from '../../src/store/entries/open.ts';
import { bytesOf, isBodyOf, keyOf, sampleEntry } from '../../test/entries/sample.ts';
import { Dice } from '../../test/support/random.ts';

const MIB = 2 ** 20;
const MOST = 1.15;
const [backend = 'lmdb', cap = '1024'] = process.argv.slice(2);
const maxSize = Number(cap) * MIB;
const path = mkdtempSync(join(tmpdir(), 'aifd-cache-cap-'));

/** What the files take of the disk, and how long they are; the larger of both. Bytes. */
function sizeOfFolder(folder: string): number {
  let sum = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    // It may be gone by now.
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    if (stat?.isFile()) sum += Math.max(stat.size, stat.blocks * 512);
  }
  return sum;
}

const lengthOf = (name: number): number =>
  new Dice(name).pick([200, 700, 2000, 5000, 20_000, 100_000, 1_000_000]);

const store = await openEntryStore(backend, path, { maxSize });
const dice = new Dice(1);
const began = performance.now();
const cpu = process.cpuUsage();
let [names, loaded, hits, misses, wrong, largest, slowest] = [0, 0, 0, 0, 0, 0, 0];
while (loaded < 3 * maxSize) {
  const puts: Promise<void>[] = [];
  for (let i = 0; i < 8; i++) {
    const body = bytesOf(names, lengthOf(names));
    loaded += body.length;
    puts.push(store.put(keyOf(names), sampleEntry(body)));
    names += 1;
  }
  const at = performance.now();
  await Promise.all(puts);
  slowest = Math.max(slowest, performance.now() - at);
  for (let i = 0; i < 4; i++) {
    const name = dice.chance(0.5) ? dice.int(Math.floor(names * 0.8), names - 1) : dice.int(0, names - 1);
    const entry = await store.get(keyOf(name));
    if (entry === undefined) misses += 1;
    else if (entry.body.length === lengthOf(name) && isBodyOf(name, entry.body)) hits += 1;
    else wrong += 1;
  }
  if (names % 800 === 0) largest = Math.max(largest, sizeOfFolder(path));
}
largest = Math.max(largest, sizeOfFolder(path));
const { entries, bytes } = await store.stats();
await store.close();
const closed = sizeOfFolder(path);
largest = Math.max(largest, closed);
rmSync(path, { recursive: true, force: true });

const used = process.cpuUsage(cpu);
const ofCap = (size: number) => `${(size / MIB).toFixed(1)} MiB, ${(size / maxSize).toFixed(3)} of the cap`;
console.log(`${backend}, a cap of ${cap} MiB: ${names} entries put, ${ofCap(loaded)}`);
console.log(`kept: ${entries} entries, ${ofCap(bytes)}`);
console.log(`folder: at most ${ofCap(largest)}; closed ${ofCap(closed)}`);
console.log(`reads: ${hits} hits, ${misses} misses, ${wrong} wrong`);
console.log(
  `${((performance.now() - began) / 1000).toFixed(1)} s, ` +
    `${((used.user + used.system) / 1e6).toFixed(1)} s of CPU; the slowest 8 puts took ${slowest.toFixed(0)} ms`,
);
const isHeld = largest <= MOST * maxSize && wrong === 0;
console.log(isHeld ? 'held' : 'NOT HELD');
process.exitCode = isHeld ? 0 : 1;
