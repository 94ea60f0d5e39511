/** A process for tests: hits windows of users that are new each time, while its disk is filled at once, and says what became of them. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { ResilientWindows } from '../../src/gateway/limits/resilient.ts';
import { LmdbWindows } from '../../src/store/windows/lmdb.ts';

const [disk = '', each = '1'] = process.argv.slice(2);
const said: string[] = [];
const windows = new ResilientWindows(new LmdbWindows(disk), 'local', (line) => said.push(line));
let allowed = 0;
const hitNew = async (from: number, count: number) => {
  const atOnce = Math.min(count, Number(each));
  for (let user = from; user < from + count; user += atOnce) {
    const meters = Array.from({ length: atOnce }, (_, i) => [
      { key: `user ${user + i}`, amount: 1, windowMs: 3_600_000, cost: 1 },
    ]);
    const decisions = await Promise.all(
      meters.map((meter) => windows.hit(meter, 'moving-window', Date.now())),
    );
    allowed += decisions.filter((decision) => decision.allowed).length;
  }
};
await hitNew(0, 200);
try {
  for (;;) appendFileSync(join(disk, 'filler'), Buffer.alloc(2 ** 20));
} catch {
  // It is full.
}
try {
  for (;;) appendFileSync(join(disk, 'filler'), Buffer.alloc(4096));
} catch {
  // To its last page.
}
await hitNew(200, 40_000);
await windows.close();
console.log(JSON.stringify({ allowed, said }));
