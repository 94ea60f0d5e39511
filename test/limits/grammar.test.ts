import { describe, expect, test } from 'bun:test';
import { LimitSyntaxError, parseLimit } from '../../src/config/limit-grammar.ts';

const SECOND = 1000;
const DAY = 86_400 * SECOND;

const read = (text: string) => parseLimit(text).map(({ amount, windowMs }) => [amount, windowMs]);

test.each([
  ['100/2minutes', [[100, 120 * SECOND]]],
  ['10 per hour', [[10, 3600 * SECOND]]],
  ['10per5minutes', [[10, 300 * SECOND]]],
  ['1/10seconds', [[1, 10 * SECOND]]],
  [' 5 PER 2  Days ', [[5, 2 * DAY]]],
  ['1/month', [[1, 30 * DAY]]],
  ['1/2YEARS', [[1, 720 * DAY]]],
  ['007/second', [[7, SECOND]]],
  ['0/minute', [[0, 60 * SECOND]]],
  // Python's `multiples or 1`.
  ['10/0seconds', [[10, SECOND]]],
  ['60/minute;600/hour', [[60, 60 * SECOND], [600, 3600 * SECOND]]], // oxfmt-ignore
  ['3/1 days|30 per minutes , 5/second', [[3, DAY], [30, 60 * SECOND], [5, SECOND]]], // oxfmt-ignore
  ['99999999999999999999/second', [[Number.MAX_SAFE_INTEGER, SECOND]]],
] as [string, number[][]][])('%p is read', (text, limits) => {
  expect(read(text)).toEqual(limits);
});

test.each(['inf', 'INF', ' infinite', 'inf/minute'])('%p is unlimited', (text) => {
  expect(parseLimit(text)).toEqual([]);
});

test('each limit has its own text', () => {
  expect(parseLimit(' 60/minute ;  600 per hour').map(({ text }) => text)).toEqual([
    '60/minute',
    '600 per hour',
  ]);
});

describe('what the Python library refuses is refused, with the place', () => {
  test.each([
    ['', 0, 'a whole number'],
    ['fast', 0, 'a whole number'],
    ['-1/second', 0, 'a whole number'],
    ['1.5/second', 1, `'/' or 'per'`],
    ['10', 2, `'/' or 'per'`],
    ['10/min', 3, 'a whole number, second, minute, hour, day, month or year'],
    ['10/ 5 fortnights', 6, 'second, minute, hour, day, month or year'],
    ['10/minute;', 10, 'a whole number'],
    ['10/minute 5/hour', 10, `';', ',', '|' or the end`],
    ['10/minutely', 9, `';', ',', '|' or the end`],
    ['60/minute;600/our', 14, 'a whole number, second, minute, hour, day, month or year'],
  ] as [string, number, string][])('%p', (text, position, expected) => {
    let error: unknown;
    try {
      parseLimit(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(LimitSyntaxError);
    expect(error).toMatchObject({ position, expected, text });
    expect((error as Error).message).toContain(`character ${position + 1}`);
  });
});
