/**
 * One of several processes that hit one window: `bun hitter.ts BACKEND DIR STRATEGY HITS [endless]`. Starts when
 * its stdin ends, prints how many were allowed; with `endless` prints each count and goes on until killed.
 */
import { writeSync } from 'node:fs';
import { openWindowStore } from '../../src/store/windows/open.ts';
import type { Strategy } from '../../src/store/windows/store.ts';

const [backend = '', dir = '', strategy, hits, endless] = process.argv.slice(2);
const store = await openWindowStore(backend, dir);
const meters = [
  { key: 'shared/minute', amount: endless ? 1e9 : 100, windowMs: 3_600_000, cost: 1 },
  { key: 'shared/hour', amount: 1e9, windowMs: 7_200_000, cost: 1 },
];
const hit = async (): Promise<number> =>
  Number((await store.hit(meters, strategy as Strategy, Date.now())).allowed);

console.log('ready');
await Bun.stdin.text();
let allowed = 0;
if (endless) {
  for (;;) {
    allowed += await hit();
    // Synchronous: what was printed was committed before.
    writeSync(1, `${allowed}\n`);
  }
}
const AT_ONCE = 25;
for (let i = 0; i < Number(hits); i += AT_ONCE) {
  const verdicts = await Promise.all(Array.from({ length: AT_ONCE }, hit));
  allowed += verdicts.reduce((sum, one) => sum + one, 0);
}
console.log(`allowed ${allowed}`);
await store.close();
process.exit(0);
