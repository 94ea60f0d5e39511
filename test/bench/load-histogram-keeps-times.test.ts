import { expect, test } from 'bun:test';
import { Histogram } from '../../bench/load/histogram.ts';
import { percentile } from '../../bench/measure/percentile.ts';
import { Dice } from '../support/random.ts';

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

test('a quantile is within 1/256 of the sorted values, from microseconds to minutes', () => {
  const dice = new Dice(1);
  const values = Array.from({ length: 5000 }, () => 10 ** (dice.int(-2500, 4800) / 1000));
  const histogram = histogramOf(values);
  for (const share of [0.01, 0.5, 0.9, 0.99, 0.999]) {
    const exact = percentile(values, share - 1 / values.length);
    expect(Math.abs(histogram.quantile(share)! / exact - 1)).toBeLessThan(1 / 256 + 0.02);
  }
});

test('small times are kept to a tenth of a microsecond', () => {
  expect(histogramOf([0.0213]).quantile(0.5)).toBeCloseTo(0.0213, 6);
  expect(histogramOf([0, 0.0001, 0.0002]).quantile(0.5)).toBe(0.0001);
});

test('of two values the median is the lower, the maximum the higher and exact', () => {
  const histogram = histogramOf([1, 3.123456]);
  expect(histogram.quantile(0.5)).toBeCloseTo(1, 2);
  expect(histogram.quantile(1)).toBeCloseTo(3.123456, 1);
  expect(histogram.max).toBe(3.123456);
  expect(histogram.count).toBe(2);
});

test('without values there is no quantile; clocks that step back and hours count too', () => {
  expect(new Histogram().quantile(0.5)).toBeUndefined();
  const odd = histogramOf([-1, 1e9]);
  expect(odd.quantile(0.5)).toBe(0);
  expect(odd.quantile(1)).toBeGreaterThan(200_000);
});
