import { expect, test } from 'bun:test';
import { quoted, quotedText } from '../../bench/report/quoted.ts';

test('each quoted figure says what it was measured on and by whom', () => {
  for (const { of, value, setup, source } of quoted) {
    for (const text of [of, value, setup, source]) expect(text.length).toBeGreaterThan(3);
    expect(value).toMatch(/\d/);
  }
});

test('the page says that they were not measured here, and has a line for each', () => {
  expect(quotedText()).toContain('None of it was measured here');
  expect(quotedText().match(/^\| /gm)).toHaveLength(quoted.length + 2);
});
