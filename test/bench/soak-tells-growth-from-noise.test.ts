import { expect, test } from 'bun:test';
import { fifths, isFlat } from '../../bench/soak/samples.ts';

const minutes = Array.from({ length: 300 }, (_, second) => second);

test('the first fifth has no part in it: memory grows while code is compiled', () => {
  const warming = minutes.map((second) => (second < 60 ? 60e6 + second * 1e6 : 120e6));
  expect(fifths(warming)).toEqual({ second: 120e6, last: 120e6 });
});

test('single peaks are not growth, a steady rise is', () => {
  const peaks = minutes.map((second) => (second % 10 === 0 ? 300e6 : 100e6));
  expect(isFlat(fifths(peaks), 4e6)).toBe(true);
  const rise = minutes.map((second) => 100e6 + second * 0.1e6);
  expect(isFlat(fifths(rise), 4e6)).toBe(false);
});
