import { expect, test } from 'bun:test';
import { openWindowStore } from '../../src/store/windows/open.ts';
import { strategies } from '../../src/store/windows/store.ts';
import { emptyDir, spawnHitter } from './processes.ts';

const peek = { key: 'shared/minute', amount: 1e9, windowMs: 3_600_000, cost: 0 };

test.each(strategies)('what was counted is there when the writers were killed (%s)', async (strategy) => {
  const dir = emptyDir();
  let least = 0;
  // Killed again and again in the middle of writing; none ends by itself.
  for (let round = 0; round < 4; round++) {
    const children = [1, 2].map(() => spawnHitter('lmdb', dir, strategy, '0', 'endless'));
    const counts = await Promise.all(children.map((child) => countUntilKilled(child, 200 + 100 * round)));
    least += counts.reduce((total, one) => total + one, 0);
  }
  const store = await openWindowStore('lmdb', dir);
  const { states } = await store.hit([peek], strategy, Date.now());
  const counted = peek.amount - states[0]!.remaining;
  // Each of the eight may have been killed between its commit and its line.
  expect(counted).toBeGreaterThanOrEqual(least);
  expect(counted).toBeLessThanOrEqual(least + 8);
  await store.close();
});

/** Kills it when it has counted so far. @returns the last count that it told */
async function countUntilKilled(child: ReturnType<typeof spawnHitter>, enough: number): Promise<number> {
  await child.stdin.end();
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of child.stdout) {
    text += decoder.decode(chunk, { stream: true });
    if (last(text) >= enough) child.kill('SIGKILL');
  }
  await child.exited;
  expect(child.signalCode).toBe('SIGKILL');
  return last(text);
}

const last = (text: string): number => Number(/(\d+)\n\d*$/.exec(text)?.[1] ?? 0);
