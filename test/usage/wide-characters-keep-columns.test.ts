import { expect, test } from 'bun:test';
import { columns } from '../../src/cli/cache/words.ts';
import { screenOf } from '../../src/cli/top/render.ts';
import { fitted, padded, widthOf } from '../../src/cli/width.ts';
import { mergeLive } from '../../src/record/live/live-figures.ts';

test('what is cut is no wider, and no character is cut in two', () => {
  expect(fitted('模型模型', 5)).toBe('模型…');
  expect(fitted('模型模型', 8)).toBe('模型模型');
  expect(fitted('a👨‍👩‍👧b', 2)).toBe('a…');
  expect(fitted('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301…');
  expect(padded('模', 4)).toBe('模  ');
});

test('columns stand under each other', () => {
  const rows = columns(
    [
      ['模型', '1'],
      ['abc', '22'],
    ],
    new Set([1]),
  );
  expect(rows.map(widthOf)).toEqual([8, 8]);
});

test('on a narrow terminal top shows who it is of, and all sums', () => {
  const row = { name: 'k:abcdefghijklmno', requests: 7, limited: 0, errors: 0, tokens: 424 };
  const figures = {
    ...mergeLive([]),
    seconds: 60,
    keys: [row],
    targets: [{ ...row, name: '目标目标目标目标目标目标' }],
  };
  for (const width of [20, 40, 80]) {
    const lines = screenOf({ figures, pids: [1], problems: [] }, 24, width);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
    expect(lines.some((line) => line.startsWith('k:abcdefghij '))).toBe(true);
    expect(lines.some((line) => line.includes('errors 0'))).toBe(true);
  }
});
