import { expect, test } from 'bun:test';
import { given } from './given.ts';

const on = { CACHE_CHAT_COMPLETION: 'true' };

test.each([
  [{ CACHE_BACKEND: 'LMDB' }, 'no route is cached'],
  [{ ...on, CACHE_SCOPE: 'shared' }, 'CACHE_SCOPE is shared without FORWARD_KEY'],
  [{ ...on, WORKERS: '2' }, 'each worker keeps its own'],
  [{ ...on, CACHE_MODE: 'replay' }, 'nothing is in it until'],
])('%p is warned of', (env, warning) => {
  expect(given(env).warnings).toEqual([expect.stringContaining(warning)]);
});

test.each([on, { ...on, CACHE_SCOPE: 'shared', FORWARD_KEY: 'fk-1' }])('%p is not', (env) => {
  expect(given(env).warnings).toEqual([]);
});
