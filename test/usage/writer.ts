/** A process that counts, for tests: `bun writer.ts DIR COUNT NUMBER`; flushes often, says what is committed, waits to be killed when COUNT is 0. */
import { openStore, recordWith } from './records.ts';

const [dir, count, number] = process.argv.slice(2) as [string, string, string];
const { store, problems } = openStore(dir);
const total = Number(count) || Infinity;
for (let i = 1; i <= total; i++) {
  store.add(
    recordWith({ user: `k:${(i + Number(number)) % 7}`, model: `model-${i % 5}`, input: i, output: 1 }),
  );
  if (i % 50 !== 0) continue;
  store.flush();
  if (total === Infinity) process.stdout.write(`${i}\n`);
  if (i % 500 === 0) await Bun.sleep(0);
}
await store.close();
for (const line of problems) console.error(line);
