import { expect, test } from 'bun:test';
import { Prices } from '../../src/record/usage/prices.ts';
import { recordOf } from '../../src/record/usage/usage-sink.ts';
import { figure } from '../../src/store/usage/figures.ts';
import { tokensPerSecond } from '../../src/store/usage/store.ts';
import { emptyDir, happeningWith, openStore } from './records.ts';

const usage = { input: 9, output: 50, cached: undefined, reasoning: undefined, reported: true };
const prices = new Prices({});
const speed = (changes: Parameters<typeof happeningWith>[0]) =>
  tokensPerSecond(recordOf(happeningWith({ usage, ...changes }), prices));

const streamed = { stream: true, streamed: true } as const;

test('a stream: from its first byte on', () =>
  expect(speed({ ...streamed, durationMs: 2_500, firstByteMs: 500 })).toBe(25));

test('a plain answer: all it took', () => expect(speed({ durationMs: 2_000, firstByteMs: 1_999 })).toBe(25));

test('what was waited for a place is no saying', () =>
  expect(speed({ durationMs: 4_000, firstByteMs: 3_999, queueMs: 2_000 })).toBe(25));

test('a stream was asked for, a plain answer came', () =>
  expect(speed({ stream: true, streamed: false, durationMs: 2_000, firstByteMs: 1_999 })).toBe(25));

test('a stream was not asked for, and came', () =>
  expect(speed({ ...streamed, stream: false, durationMs: 2_500, firstByteMs: 500 })).toBe(25));

test('a stream that somebody held back until its end took as long as a plain answer', () =>
  expect(speed({ ...streamed, durationMs: 2_000, firstByteMs: 1_999.5 })).toBe(25));

test('what said nothing, or was kept, has no speed', () => {
  expect(speed({ usage: undefined })).toBeUndefined();
  expect(speed({ usage: { ...usage, output: 0 } })).toBeUndefined();
  expect(speed({ cache: 'hit', attempts: 0 })).toBeUndefined();
  expect(speed({ ...streamed, firstByteMs: undefined, usage: undefined })).toBeUndefined();
});

test('sums and single exchanges say the same, once they were on disk', async () => {
  const { store } = openStore(emptyDir());
  store.add(recordOf(happeningWith({ usage, ...streamed, durationMs: 2_500, firstByteMs: 500 }), prices));
  store.add(recordOf(happeningWith({ usage, durationMs: 2_000, queueMs: 1_000 }), prices));
  store.flush();
  const [group] = [...store.rollups('day', 0)];
  const speeds = store.last(2).map((record) => tokensPerSecond(record));
  await store.close();
  expect([figure(group!.figures, 'said'), figure(group!.figures, 'saying')]).toEqual([100, 3_000_000]);
  expect(speeds.toSorted()).toEqual([25, 50]);
});
