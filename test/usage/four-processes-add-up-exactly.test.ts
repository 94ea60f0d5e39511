import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { emptyDir, openStore, sumOf } from './records.ts';

const PROCESSES = 4;
const EACH = 10_000;

test('four processes write while others open and read, and nothing is lost or counted twice', async () => {
  const dir = emptyDir();
  const children = Array.from({ length: PROCESSES }, (_, number) =>
    Bun.spawn([process.execPath, join(import.meta.dir, 'writer.ts'), dir, String(EACH), String(number)], {
      stdio: ['ignore', 'inherit', 'pipe'],
    }),
  );
  let opened = 0;
  const all = Promise.all(children.map(({ exited }) => exited));
  while (children.some(({ exitCode }) => exitCode === null)) {
    const { store } = openStore(dir);
    expect(sumOf(store, 'requests')).toBe(sumOf(store, 'output'));
    await store.close();
    opened += 1;
    await Bun.sleep(1);
  }
  expect(await all).toEqual(Array(PROCESSES).fill(0));
  for (const child of children) expect(await child.stderr.text()).toBe('');
  expect(opened).toBeGreaterThan(3);
  const { store } = openStore(dir);
  for (const period of ['day', 'hour'] as const) {
    expect(sumOf(store, 'requests', period)).toBe(PROCESSES * EACH);
    expect(sumOf(store, 'input', period)).toBe((PROCESSES * EACH * (EACH + 1)) / 2);
    expect(sumOf(store, 'cost', period)).toBe(PROCESSES * EACH * 737_500);
  }
  const last = store.last(100_000);
  // Whole blocks go: a few more than 10,000 stay.
  expect(last.length).toBeGreaterThanOrEqual(10_000);
  expect(last.length).toBeLessThan(10_256);
  await store.close();
}, 60_000);
