import { expect, test } from 'bun:test';
import { aifd } from '../cli/aifd.ts';
import { given, problemsOf } from './given.ts';

test.each([
  ['GLOBAL_RATE_LIMIT', '10/fortnight', 'character 4'],
  ['GLOBAL_RATE_LIMIT', 'ten/minute', 'character 1'],
  ['GLOBAL_RATE_LIMIT', '10/minute; 5/', 'the end'],
  ['GLOBAL_RATE_LIMIT', '10/minute 5/hour', 'character 11'],
  ['GLOBAL_RATE_LIMIT', '-1/minute', 'character 1'],
  ['GLOBAL_RATE_LIMIT', '1.5/minute', 'character 2'],
  ['REQ_RATE_LIMIT', '{"/v1/chat": "10/fortnight"}', '/v1/chat'],
  ['REQ_RATE_LIMIT', '{"/v1/chat": "10/fortnight"}', 'character 4'],
  ['REQ_RATE_LIMIT', '{"/ok": "1/minute", "/v1/bad": "10"}', '/v1/bad'],
  ['REQ_RATE_LIMIT', '{"/v1": ""}', '/v1'],
  ['REQ_RATE_LIMIT', '{"/v1": 10}', '/v1'],
  ['REQ_RATE_LIMIT', '{"/v1": ["10/minute"]}', '/v1'],
  ['REQ_RATE_LIMIT', '["10/minute"]', 'JSON object'],
  ['REQ_RATE_LIMIT', '10/minute', 'JSON'],
  ['REQ_RATE_LIMIT', '{"/v1": "1/minute"', 'JSON'],
  ['REQ_RATE_LIMIT', '{"/v1": "1/minute", "/v1/": "2/minute"}', '/v1'],
  ['TOKENS_LIMIT', '{"/v1": "90k/minute"}', 'character 3'],
  ['TOKEN_RATE_LIMIT', '{"/v1": "60/second;100/minute"}', '/v1'],
  ['TOKEN_RATE_LIMIT', '{"/v1": "0/second"}', '/v1'],
  ['RATE_LIMIT_STRATEGY', 'sliding-window', 'moving-window'],
  ['RATE_LIMIT_BACKEND', 'postgres://x', 'lmdb'],
  ['RATE_LIMIT_BACKEND', 'redis://', 'redis://'],
  ['RATE_LIMIT_BACKEND', 'redis', 'redis://'],
  ['RATE_LIMIT_ON_ERROR', 'ignore', 'closed'],
  ['QUEUE_SIZE', '-1', ''],
  ['QUEUE_TIMEOUT', 'soon', ''],
  ['CONCURRENCY_LIMIT', 'many', ''],
])('%s=%s', (name, text, place) => {
  const problems = problemsOf({ [name]: text });
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(name);
  expect(problems[0]).toContain(text);
  expect(problems[0]).toContain(place);
  expect(problems[0]).not.toContain('\n');
});

test('a route that is there twice is refused, and not the last one taken', () => {
  expect(problemsOf({ REQ_RATE_LIMIT: '{"/v1": "1/minute", "/v1": "inf"}' })).toHaveLength(1);
});

test('a start with several is refused with exit code 2 and a line for each', async () => {
  const env = { GLOBAL_RATE_LIMIT: '10/fortnight', REQ_RATE_LIMIT: '{"/v1/chat": "5 each day"}' };
  const { err, code } = await aifd(['run'], { env });
  expect(code).toBe(2);
  expect(err).toContain('GLOBAL_RATE_LIMIT');
  expect(err).toContain('10/fortnight');
  expect(err).toContain('REQ_RATE_LIMIT');
  expect(err).toContain('/v1/chat');
  expect(err).toContain('5 each day');
  expect(err).not.toMatch(/\n\s+at /);
});

test('places are counted in one process, and so refused with several', () => {
  const together = { WORKERS: '2', CONCURRENCY_LIMIT: '1', USER_CONCURRENCY_LIMIT: '1' };
  const problems = problemsOf(together).join('\n');
  expect(problems).toContain('USER_CONCURRENCY_LIMIT is set and WORKERS is 2');
  expect(problems).toMatch(/^CONCURRENCY_LIMIT is set and WORKERS is 2/m);
  expect(problemsOf({ ...together, WORKERS: '1' })).toEqual([]);
});

test('memory is of one process: with several workers it would allow as many times more', () => {
  const several = { WORKERS: '4', GLOBAL_RATE_LIMIT: '100/minute', RATE_LIMIT_BACKEND: 'memory' };
  let told: readonly string[];
  try {
    told = given(several).warnings;
  } catch {
    told = problemsOf(several);
  }
  expect(told.join('\n')).toMatch(/memory/);
});

test('the password of a Redis is nowhere shown', async () => {
  const url = 'redis://user:hunter2hunter2@127.0.0.1:6379/0';
  const shown = await aifd(['config', '--json'], { env: { RATE_LIMIT_BACKEND: url } });
  expect(shown.out + shown.err).not.toContain('hunter2');
  const bad = await aifd(['run'], { env: { RATE_LIMIT_BACKEND: 'redis://user:hunter2hunter2@:bad:/' } });
  expect(bad.code).toBe(2);
  expect(bad.out + bad.err).not.toContain('hunter2');
});
