import { expect, test } from 'bun:test';
import { given, problemsOf } from './given.ts';

test.each([
  ['10', { files: 10, seconds: 0 }],
  ['30d', { files: 0, seconds: 30 * 86_400 }],
  ['12h', { files: 0, seconds: 43_200 }],
  ['0', { files: 0, seconds: 0 }],
])('LOG_KEEP=%s', (text, keep) => {
  expect(given({ LOG_KEEP: text }).config.logKeep).toEqual({ text, ...keep });
});

test.each(['-1', '1.5', '12345678', '0s', '500ms', '59m', 'ten', '10 files', '30 d d'])(
  'LOG_KEEP=%s is refused',
  (text) => {
    expect(problemsOf({ LOG_KEEP: text })).toEqual([
      expect.stringMatching(/^LOG_KEEP \(from environment\) is '.*accepted: a number of files/),
    ]);
  },
);
