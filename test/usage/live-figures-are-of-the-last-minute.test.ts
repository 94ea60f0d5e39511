import { shownUser } from '../../src/store/user-digest.ts';
import { expect, test } from 'bun:test';
import { Live } from '../../src/record/live/live.ts';
import { bucketsOf, mergeLive } from '../../src/record/live/live-figures.ts';
import { quantile } from '../../src/store/usage/histogram.ts';
import { happeningWith } from './records.ts';

test('a minute is looked at, whatever pauses there are', () => {
  let now = 10_000_000;
  const live = new Live(() => now);
  for (let second = 0; second < 90; second++, now += 1000) live.happened(happeningWith());
  now -= 500;
  expect(live.figures()).toMatchObject({ requests: 60, seconds: 60, lastSecond: 1, tokens: 60 * 150 });
  now += 30_000;
  expect(live.figures()).toMatchObject({ requests: 30, lastSecond: 0 });
  now += 3_600_000;
  expect(live.figures()).toMatchObject({ requests: 0, durations: [], keys: [] });
});

test('rates after a start are of the time since', () => {
  let now = 500;
  const live = new Live(() => now);
  now += 3200;
  expect(live.figures().seconds).toBe(4);
});

test('what is open, and never less than none', () => {
  const live = new Live();
  live.begun();
  live.begun();
  expect(live.figures().open).toBe(2);
  for (let i = 0; i < 3; i++) live.happened(happeningWith());
  expect(live.figures().open).toBe(0);
});

test('429s, errors, hits and their tokens', () => {
  const live = new Live();
  live.happened(happeningWith({ status: 429, usage: undefined }));
  live.happened(happeningWith({ status: 502, usage: undefined }));
  live.happened(happeningWith({ end: 'cut', cache: 'miss' }));
  live.happened(happeningWith({ cache: 'hit' }));
  live.happened(happeningWith({ cache: 'bypass', usage: undefined }));
  const { limited, errors, hits, asked, tokens, targets } = live.figures();
  expect({ limited, errors, hits, asked, tokens }).toEqual({
    limited: 1,
    errors: 2,
    hits: 1,
    asked: 2,
    tokens: 150,
  });
  expect(targets).toEqual([{ name: 'api.openai.com', requests: 5, limited: 1, errors: 2, tokens: 150 }]);
});

test('names are bounded, and all are counted', () => {
  const live = new Live(() => 5000);
  for (let i = 0; i < 5000; i++) live.happened(happeningWith({ user: `k:${i}` }));
  const { keys, requests } = live.figures();
  expect(requests).toBe(5000);
  expect(keys).toHaveLength(50);
  expect(keys[0]).toMatchObject({ name: 'other', requests: 4900 });
});

test('workers are added up, with one histogram', () => {
  const workers = [1, 2, 3].map((worker) => {
    const live = new Live();
    live.begun();
    live.begun();
    live.happened(happeningWith({ durationMs: worker * 100, user: worker === 3 ? 'k:b' : 'k:a' }));
    return live.figures();
  });
  const merged = mergeLive(workers);
  expect(merged).toMatchObject({ requests: 3, open: 3 });
  // Tests of one process share the secret of digests.
  expect(merged.keys.map(({ name, requests }) => [name, requests])).toEqual([
    [shownUser('k:a'), 2],
    [shownUser('k:b'), 1],
  ]);
  expect(Math.abs(quantile(bucketsOf(merged.durations), 0.5)! / 200 - 1)).toBeLessThan(0.2);
});
