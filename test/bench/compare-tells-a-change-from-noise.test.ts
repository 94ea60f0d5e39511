import { expect, test } from 'bun:test';
import { type Change, changeLines, changesOf } from '../../bench/compare/verdict.ts';
import type { Figure } from '../../bench/report/result.ts';
import { Dice } from '../support/random.ts';
import { rowOf } from './results.ts';

/** One figure over the rounds, before and after. */
function change(figure: Figure, before: number[], after: number[]): Change {
  const row = (name: string, values: number[]) =>
    rowOf(
      name,
      values.map((value) => ({ [figure]: value })),
    );
  return changesOf(row('before', before), row('after', after))[0]!;
}

test('more CPU in every round is slower, less is faster', () => {
  const before = [50, 52, 49, 51, 50, 55];
  const tenth = before.map((value) => value * 1.1);
  expect(change('cpu', before, tenth)).toMatchObject({ verdict: 'slower', ratio: expect.closeTo(1.1) });
  expect(change('cpu', tenth, before).verdict).toBe('faster');
});

test('where more is better, less is slower', () => {
  const fast = [5000, 5100, 4900, 5000, 5050, 4950];
  const slow = [4000, 4100, 3900, 4050, 4000, 4010];
  expect(change('rate', fast, slow).verdict).toBe('slower');
  expect(change('rate', slow, fast).verdict).toBe('faster');
});

test('what disturbs both of a round is no noise: rounds are compared with themselves', () => {
  const before = [50, 90, 50, 130, 60, 50];
  expect(
    change(
      'cpu',
      before,
      before.map((value) => value * 1.08),
    ).verdict,
  ).toBe('slower');
});

test('up to 5 % is no change, and neither is what rounds do not agree on', () => {
  const before = [50, 50, 50, 50, 50, 50];
  expect(
    change(
      'cpu',
      before,
      before.map((value) => value * 1.049),
    ).verdict,
  ).toBe('noise');
  expect(change('cpu', before, [60, 60, 60, 60, 60, 49]).verdict).toBe('noise');
  expect(change('cpu', [...before, 50, 50], [60, 60, 60, 60, 60, 60, 60, 49]).verdict).toBe('slower');
});

test('few rounds tell nothing', () => {
  expect(change('cpu', [50, 50, 50, 50, 50], [90, 90, 90, 90, 90]).verdict).toBe('noise');
});

test('of rounds that failed on one side, and of figures that are not there, nothing is said', () => {
  expect(changesOf(rowOf('a', [{ cpu: 1 }, { cpu: 1 }]), rowOf('b', [{ cpu: 1 }]))).toEqual([]);
  expect(changesOf(rowOf('a', [{ p50: 0 }]), rowOf('b', [{ cpu: 1 }]))).toEqual([]);
});

test('the same twice is seldom called a change, whatever the noise', () => {
  const dice = new Dice(7);
  const noisy = (): number[] => Array.from({ length: 6 }, () => 50 * (1 + dice.int(-200, 200) / 1000));
  const called = Array.from({ length: 1000 }, () => change('cpu', noisy(), noisy()).verdict);
  expect(called.filter((verdict) => verdict !== 'noise').length).toBeLessThan(50);
});

test('what moved is told, the worst first', () => {
  const before = [50, 50, 50, 50, 50, 50];
  const all = (value: number): number[] => before.map(() => value);
  const lines = changeLines([
    change('cpu', before, all(45)),
    change('p50', before, all(60)),
    change('cpu', before, before),
    change('cpu', before, all(100)),
  ]);
  expect(lines.map((line) => line.split(':', 1)[0])).toEqual(['slower', 'slower', 'faster']);
  expect(lines[0]).toBe(
    'slower: JSON, 32 connections: after: CPU 50.0 → 100.0 µs, +100.0 % (rounds +100.0 % to +100.0 %)',
  );
});
