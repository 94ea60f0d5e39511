import { expect, test } from 'bun:test';
import { serverTiming } from '../../src/gateway/observe/server-timing.ts';
import { Dice } from '../support/random.ts';

test('each stage that there was, in their order', () => {
  const times = { aifd: 0.21049, upstream: 230.04, queue: 1.5, cache: 0 };
  expect(serverTiming(times)).toBe('queue;dur=1.5, cache;dur=0, upstream;dur=230.04, aifd;dur=0.21');
  expect(serverTiming({ aifd: 1, queue: undefined })).toBe('aifd;dur=1');
});

test('nothing to tell is no field', () => {
  expect(serverTiming({})).toBeUndefined();
  expect(serverTiming({ queue: NaN, cache: -1, upstream: Infinity })).toBeUndefined();
  expect(serverTiming({ queue: 1e21 })).toBeUndefined();
});

test('whatever the times, it is what RFC 9110 takes as tokens', () => {
  const dice = new Dice(3);
  for (let i = 0; i < 2_000; i++) {
    const time = dice.pick([1e-9, 1e-7, 999_999_999_999, 0, 5e-324, Math.PI, 12_345_678.9]);
    const value = serverTiming({ queue: time, aifd: time });
    expect(value).toMatch(/^queue;dur=\d+(\.\d{1,3})?, aifd;dur=\d+(\.\d{1,3})?$/);
  }
});
