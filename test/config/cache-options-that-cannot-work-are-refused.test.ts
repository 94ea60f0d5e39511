import { expect, test } from 'bun:test';
import { given, problemsOf } from './given.ts';

const on = { CACHE_CHAT_COMPLETION: 'true' };

test.each([
  [{ CACHE_BACKEND: 'disk' }, "CACHE_BACKEND (from environment) is 'disk'"],
  [{ CACHE_ROUTES: '/v1/models' }, "CACHE_ROUTES (from environment) is '/v1/models'"],
  [{ CACHE_ROUTES: '["v1/models"]' }, '"v1/models" is no path'],
  [{ CACHE_ROUTES: '["/v1/models?x=1"]' }, '"/v1/models?x=1" is no path'],
  [{ CACHE_ROUTES: '{"/v1": true}' }, 'is no JSON list'],
  [{ CACHE_TTL: 'a day' }, "CACHE_TTL (from environment) is 'a day'"],
  [{ CACHE_MAX_SIZE: '100' }, 'at least 1048576'],
  [{ CACHE_MODE: 'off' }, 'accepted: on, record, replay'],
  [{ CACHE_SCOPE: 'all' }, 'accepted: key, shared'],
  [{ CACHE_BACKEND: 'redis' }, 'CACHE_BACKEND is redis and CACHE_ROOT_PATH_OR_URL is no redis://'],
  [
    { CACHE_ROOT_PATH_OR_URL: 'redis://localhost' },
    'CACHE_ROOT_PATH_OR_URL is a URL and CACHE_BACKEND is memory',
  ],
  [{ CACHE_MODE: 'replay' }, 'CACHE_MODE is replay and no route is cached'],
  [
    { ...on, CACHE_BACKEND: 'LEVELDB', WORKERS: '2', PORT: '8000' },
    'CACHE_BACKEND is leveldb and WORKERS is 2',
  ],
])('%p', (env, problem) => {
  expect(problemsOf(env)).toEqual([expect.stringContaining(problem)]);
});

test('a Redis password is not shown', () => {
  const problems = problemsOf({ CACHE_ROOT_PATH_OR_URL: 'redis://u:hunter2hunter2@h' });
  expect(problems.join()).not.toContain('hunter2hunter2');
});

test('what can work is read, in either case', () => {
  const { config } = given({
    CACHE_ROUTES: '["/v1/models/", "/v1/audio/*"]',
    CACHE_BACKEND: 'LMDB',
    CACHE_TTL: '7d',
    CACHE_MAX_SIZE: '2gb',
    CACHE_STALE_IF_ERROR: '1h',
  });
  expect(config).toMatchObject({
    cacheRoutes: ['/v1/models', '/v1/audio/*'],
    cacheBackend: 'lmdb',
    cacheTtl: 604_800,
    cacheMaxSize: 2 ** 31,
    cacheStaleIfError: 3600,
  });
});
