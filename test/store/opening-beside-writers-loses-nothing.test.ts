import { expect, test } from 'bun:test';
import { openWindowStore } from '../../src/store/open.ts';
import { emptyDir, spawnHitter } from './processes.ts';

const meter = { key: 'shared/minute', amount: 1e9, windowMs: 3_600_000, cost: 1 };

test('a process that opens LMDB takes back no count of one that writes meanwhile', async () => {
  const dir = emptyDir();
  const store = openWindowStore('lmdb', dir);
  let hits = 0;
  for (let opened = 0; opened < 12; opened++) {
    // It makes no hit: it opens, and ends.
    const child = spawnHitter('lmdb', dir, 'fixed-window', '0');
    await child.stdin.end();
    while (child.exitCode === null) {
      for (let i = 0; i < 200; i++, hits++) await store.hit([meter], 'fixed-window', Date.now());
      await Bun.sleep(0);
    }
    expect(child.exitCode).toBe(0);
  }
  const { states } = await store.hit([{ ...meter, cost: 0 }], 'fixed-window', Date.now());
  expect(meter.amount - states[0]!.remaining).toBe(hits);
  await store.close();
});
