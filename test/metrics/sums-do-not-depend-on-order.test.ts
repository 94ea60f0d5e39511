import { expect, test } from 'bun:test';
import { merged } from '../../src/record/metrics/merge.ts';
import { Metrics } from '../../src/record/metrics/metrics.ts';
import { Dice } from '../support/random.ts';
import { happeningWith } from './happening.ts';

test('sums of workers are the same in whatever order, to the last bit', () => {
  const dice = new Dice(7);
  const snapshots = Array.from({ length: 12 }, () => {
    const metrics = new Metrics();
    for (let i = 0; i < 50; i++)
      metrics.happened(
        happeningWith({ durationMs: dice.int(0, 1e9) / 997, overheadMs: dice.int(0, 1e6) / 991 }),
      );
    return metrics.snapshot().filter(({ name }) => name.endsWith('_seconds'));
  });
  const told = (parts: typeof snapshots) => JSON.stringify([...merged(parts)]);
  const expected = told(snapshots);
  for (let i = 1; i < 12; i++) {
    const turned = [...snapshots.slice(i), ...snapshots.slice(0, i)];
    expect(told(turned)).toBe(expected);
    const [first, ...rest] = turned;
    const buried = [...merged(rest)].map(([name, series]) => ({ name, series }));
    expect(told([buried, first!])).toBe(expected);
  }
});
