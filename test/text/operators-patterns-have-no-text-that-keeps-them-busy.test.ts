import { expect, test } from 'bun:test';
import { DROPPED, linearMask } from '../../src/text/linear.ts';
import { redaction } from '../../src/record/chatlog/redact.ts';

test.each([/(a+)+$/, /(?:a|aa)*c/, /(\w+\s?)*!/, /^(?:[a-z]+)*1/])('%s', (pattern) => {
  const text = `${'a'.repeat(50_000)}?`;
  const started = process.cpuUsage();
  expect(linearMask(pattern)(text)).toBe(text);
  // Backtracking would not come to an end.
  expect(process.cpuUsage(started).user / 1000).toBeLessThan(2_000);
});

test('a text that runs out of its budget is dropped, and says so', () => {
  // To find one "a" looks for a "b" to the end of the text: all of them take the square of its length.
  const text = 'a'.repeat(100_000);
  const started = performance.now();
  expect(linearMask(/a[^]*b|a/)(text)).toBe(DROPPED);
  expect(performance.now() - started).toBeLessThan(3_000);
  expect(redaction([], [/a[^]*b|a/])(`${text} secret`)).not.toContain('secret');
});

test('flags and the names of scripts are those of JavaScript', () => {
  expect(linearMask(/^name: \p{Script=Greek}+$/gimu)('NAME: λόγος\nx')).toBe('***\nx');
  expect(linearMask(/a.b/s)('a\nb a/b')).toBe('*** ***');
  expect(linearMask(/a\/b|\u{1f600}|x*/u)('a/b xx 😀')).toBe('*** *** ***');
});

test.each([/(?=a)b/, /(?<!a)b/, /(a)\1/])('%s needs backtracking, and is refused', (pattern) => {
  expect(() => linearMask(pattern)).toThrow();
});
