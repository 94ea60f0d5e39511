import { expect, test } from 'bun:test';
import { given, problemsOf } from './given.ts';

test('pairs by position, longest prefix first, / last', () => {
  const { targets } = given({
    OPENAI_BASE_URL: 'https://api.openai.com/,http://[::1]:8080/api/',
    OPENAI_ROUTE_PREFIX: '/,localai/',
    EXTRA_BASE_URL: 'http://extra:81',
    EXTRA_ROUTE_PREFIX: '/localai/deep',
  }).config;
  expect(targets.map(({ prefix, baseUrl }) => [prefix, baseUrl])).toEqual([
    ['/localai/deep', 'http://extra:81'],
    ['/localai', 'http://[::1]:8080/api'],
    ['/', 'https://api.openai.com'],
  ]);
  expect(targets[1]).toMatchObject({ name: '[::1]:8080', hostname: '::1', port: 8080, basePath: '/api' });
});

test('different lengths are refused, with both options and both counts', () => {
  expect(problemsOf({ OPENAI_BASE_URL: 'http://a,http://b' })).toEqual([
    expect.stringMatching(/OPENAI_BASE_URL has 2 entries and OPENAI_ROUTE_PREFIX has 1 entry/),
  ]);
  expect(problemsOf({ EXTRA_ROUTE_PREFIX: '/x' })).toEqual([
    expect.stringMatching(/EXTRA_BASE_URL has 0 entries and EXTRA_ROUTE_PREFIX has 1 entry/),
  ]);
});

test('two the same are refused, however they are written', () => {
  expect(problemsOf({ EXTRA_BASE_URL: 'http://a', EXTRA_ROUTE_PREFIX: '//' })).toEqual([
    expect.stringMatching(/OPENAI_ROUTE_PREFIX and EXTRA_ROUTE_PREFIX: \/ is there 2 times/),
  ]);
  const twins = { OPENAI_BASE_URL: 'http://a,http://b', OPENAI_ROUTE_PREFIX: '/x,x/' };
  expect(problemsOf(twins)[0]).toContain('/x is there 2 times (for a, b)');
});
