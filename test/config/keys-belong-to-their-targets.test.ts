import { expect, test } from 'bun:test';
import { given, problemsOf } from './given.ts';

const extras = { EXTRA_BASE_URL: 'http://a,http://b,http://c', EXTRA_ROUTE_PREFIX: '/a,/b,/c' };

test('each extra target gets its own keys, and an entry may be empty', () => {
  const { targets } = given({ ...extras, OPENAI_API_KEY: 'sk-1,sk-2', EXTRA_API_KEY: 'a1|a2,,c1' }).config;
  expect(Object.fromEntries(targets.map(({ prefix, keys }) => [prefix, keys]))).toEqual({
    '/': ['sk-1', 'sk-2'],
    '/a': ['a1', 'a2'],
    '/b': [],
    '/c': ['c1'],
  });
});

test('EXTRA_API_KEY must have an entry for each extra target', () => {
  expect(problemsOf({ ...extras, EXTRA_API_KEY: 'a1,b1' })).toEqual([
    expect.stringMatching(/EXTRA_API_KEY has 2 entries and EXTRA_BASE_URL has 3 entries/),
  ]);
});

test('a key between two bars can not be empty', () => {
  expect(problemsOf({ ...extras, EXTRA_API_KEY: 'a1||a2,,' })[0]).toContain('position 1, entry 2 is empty');
});

test('credentials in a base URL are refused, and not repeated', () => {
  const [problem] = problemsOf({ OPENAI_BASE_URL: 'https://user:hunter2secret@h' });
  expect(problem).toContain('holds a user or password');
  expect(problem).not.toContain('hunter2');
});
