import { expect, test } from 'bun:test';
import { checkBooks, sum } from '../../bench/soak/books.ts';
import { checkAnswers } from '../../bench/soak/counts.ts';
import { growth } from '../../bench/soak/samples.ts';
import type { Entry } from '../../bench/soak/users.ts';

const entry = (id: string, verdict: Entry['verdict']) => ({ id, verdict }) as Entry;
const books = { requests: 100, open: 0, queued: 0 };

test('books that agree are right, the requests of clients that left known within bounds', () => {
  expect(checkBooks(books, 100, [100, 100])).toEqual([]);
  expect(checkBooks(books, 100, [90, 110])).toEqual([]);
});

test('a request more or less in any of them is found, and so is what never ended', () => {
  expect(checkBooks(books, 99, [100, 100])).toEqual(['usage counts 99 requests, metrics 100']);
  expect(checkBooks(books, 100, [101, 120])).toHaveLength(1);
  expect(checkBooks(books, 100, [80, 99])).toHaveLength(1);
  expect(checkBooks({ ...books, open: 1, queued: 2 }, 100, [100, 100])).toHaveLength(2);
});

test('all series of a metric are added up, and of no other', () => {
  const text = [
    '# TYPE a_total counter',
    'a_total{route="/x y"} 3',
    'a_total{route="/z"} 4',
    'a_total_more 9',
    'b 1',
    'b{} 2',
  ];
  expect([sum(text.join('\n'), 'a_total'), sum(text.join('\n'), 'b'), sum('', 'a')]).toEqual([7, 3, 0]);
});

test('what clients were told is what the upstream saw', () => {
  const seen = new Map([
    ['1', 1],
    ['2', 2],
    ['3', 1],
  ]);
  expect(checkAnswers([entry('1', 'passed'), entry('4', 'limited'), entry('5', 'left')], seen)).toEqual([]);
  expect(checkAnswers([entry('2', 'passed'), entry('3', 'queue')], seen)).toHaveLength(2);
});

test('what grew is told apart from what was flat', () => {
  const still = Array.from({ length: 100 }, () => 100);
  const rising = still.map((value, second) => value + second);
  const values = { memory: still, anonymous: rising, descriptors: still, sockets: rising, threads: still };
  expect(growth({ values }).map(({ isFlat }) => isFlat)).toEqual([true, false, true, false, true]);
});
