import { expect, test } from 'bun:test';
import { figure, type FigureName, figureNames, HISTOGRAM } from '../../src/store/usage/figures.ts';
import { quantile } from '../../src/store/usage/histogram.ts';
import type { UsageRecord } from '../../src/store/usage/store.ts';
import { emptyDir, openStore, recordWith } from './records.ts';

async function figuresOf(records: readonly UsageRecord[]) {
  const { store } = openStore(emptyDir());
  for (const record of records) store.add(record);
  store.flush();
  const [group, ...others] = [...store.rollups('day', 0)];
  const last = store.last(records.length);
  await store.close();
  expect(others).toEqual([]);
  return { figures: group!.figures, of: (name: FigureName) => figure(group!.figures, name), last };
}

test('names have room before the histogram', () => expect(figureNames.length).toBeLessThan(HISTOGRAM));

test('a plain exchange', async () => {
  const { of } = await figuresOf([recordWith({ retries: 2, cache: 'miss' })]);
  const got = Object.fromEntries(
    figureNames.map((name) => [name, of(name)]).filter(([, value]) => value !== 0),
  );
  expect(got).toEqual({
    requests: 1,
    status2xx: 1,
    whole: 1,
    input: 100,
    output: 50,
    cached: 10,
    reasoning: 5,
    cost: 737_500,
    duration: 500_000,
    firstByte: 120_000,
    firstBytes: 1,
    miss: 1,
    retries: 2,
    said: 50,
    saying: 500_000,
  });
});

test('errors are what the client did not get whole, or as an error of a server', async () => {
  const { of, last } = await figuresOf([
    recordWith({ end: 'errored' }),
    recordWith({ end: 'cut' }),
    recordWith({ end: 'cut', status: 500 }),
    recordWith({ end: 'failed', status: 502 }),
    recordWith({ end: 'left' }),
    recordWith({ end: 'refused', status: 429 }),
    recordWith(),
  ]);
  expect([of('errors'), of('errored'), of('cut'), of('failed')]).toEqual([4, 1, 2, 1]);
  expect(last.filter(({ end }) => end === 'errored').length).toBe(1);
});

test('what the cache answered is no use of tokens', async () => {
  const hit = { cache: 'hit', cost: 0, saved: 737_500 } as const;
  const { of } = await figuresOf([recordWith(hit), recordWith({ ...hit, cache: 'collapsed' })]);
  expect([of('input'), of('cost'), of('saved'), of('savedInput'), of('hit'), of('collapsed')]).toEqual([
    0, 0, 1_475_000, 200, 1, 1,
  ]);
});

test('estimates are apart', async () => {
  const { of } = await figuresOf([
    recordWith({ isReported: false, input: undefined, output: 7, cost: 3, end: 'left', status: 499 }),
  ]);
  expect([of('output'), of('outputEstimated'), of('estimated'), of('cost'), of('costEstimated')]).toEqual([
    0, 7, 1, 0, 3,
  ]);
  expect([of('left'), of('status4xx')]).toEqual([1, 1]);
});

test('quantiles are right to a fifth', async () => {
  const records = Array.from({ length: 1000 }, (_, i) => recordWith({ durationMs: i + 1 }));
  const { figures } = await figuresOf(records);
  expect(Math.abs(quantile(figures, 0.5, HISTOGRAM)! / 500 - 1)).toBeLessThan(0.1);
  expect(Math.abs(quantile(figures, 0.99, HISTOGRAM)! / 990 - 1)).toBeLessThan(0.2);
});

test('an exchange comes back as it was', async () => {
  const odd = recordWith({
    model: '模型 "x"\n🙂',
    input: undefined,
    output: undefined,
    cached: undefined,
    reasoning: undefined,
    cost: undefined,
    firstByteMs: undefined,
    isReported: false,
    status: 502,
    end: 'failed',
    stream: true,
    retries: 3,
  });
  const { last } = await figuresOf([odd]);
  expect(last).toEqual([odd]);
});

test('times that cannot be harm no sum', async () => {
  const { of } = await figuresOf([
    recordWith({ durationMs: -1 }),
    recordWith({ durationMs: NaN, firstByteMs: NaN }),
  ]);
  expect([of('requests'), of('duration')]).toEqual([2, 0]);
});

test('a clock that is far off spoils nothing', async () => {
  const { store, problems } = openStore(emptyDir());
  for (const at of [NaN, -5, 1e15, Infinity, Date.now()]) store.add(recordWith({ at }));
  await store.close();
  await store.close();
  expect(problems).toEqual([]);
});
