import { expect, test } from 'bun:test';
import { openWindowStore } from '../../src/store/windows/open.ts';
import { emptyDir, spawnHitter } from './processes.ts';

const meter = { key: 'shared/minute', amount: 1e9, windowMs: 3_600_000, cost: 1 };

test('processes that open LMDB take back no count of one that writes meanwhile', async () => {
  const dir = emptyDir();
  const store = await openWindowStore('lmdb', dir);
  let hits = 0;
  for (let round = 0; round < 12; round++) {
    // They make no hit: they open, at once, and end.
    const children = Array.from({ length: 5 }, () => spawnHitter('lmdb', dir, 'fixed-window', '0'));
    await Promise.all(children.map(({ stdin }) => stdin.end()));
    while (children.some(({ exitCode }) => exitCode === null)) {
      for (let i = 0; i < 200; i++, hits++) await store.hit([meter], 'fixed-window', Date.now());
      await Bun.sleep(0);
    }
    expect(children.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 0]);
  }
  const { states } = await store.hit([{ ...meter, cost: 0 }], 'fixed-window', Date.now());
  expect(meter.amount - states[0]!.remaining).toBe(hits);
  await store.close();
});
