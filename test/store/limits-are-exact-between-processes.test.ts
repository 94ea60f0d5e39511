import { expect, test } from 'bun:test';
import { strategies } from '../../src/store/windows/store.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { emptyDir, hitFromProcesses } from './processes.ts';

const sum = (counts: number[]): number => counts.reduce((total, one) => total + one, 0);

test.each(strategies)('four processes on one LMDB pass exactly 100 of 2,000 (%s)', async (strategy) => {
  expect(sum(await hitFromProcesses(4, 500, 'lmdb', emptyDir(), strategy))).toBe(100);
});

test.skipIf(!hasRedis).each(strategies)(
  'four processes on one Redis pass exactly 100 of 2,000 (%s)',
  async (strategy) => {
    await using redis = await startRedis();
    expect(sum(await hitFromProcesses(4, 500, redis.url, '', strategy))).toBe(100);
  },
);
