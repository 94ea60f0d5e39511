import { expect, test } from 'bun:test';
import { folder } from '../cli/aifd.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { cacheIn } from './cache.ts';
import { entryWith, keyOf, recordingOf } from './support.ts';

test.skipIf(!hasRedis)('entries go in, are seen, and go, and the URL is masked', async () => {
  await using redis = await startRedis();
  const cache = cacheIn(folder(), redis.url.replace('//', '//:@'));
  const numbers = [1, 2, 3];
  const file = await recordingOf(numbers.map((number) => ({ key: keyOf(number), entry: entryWith() })));
  expect(await cache(['import', '-'], file)).toMatchObject({ out: 'imported 3 entries\n', err: '', code: 0 });
  const { where, backend, entries } = JSON.parse((await cache(['stats', '--json'])).out) as Record<
    string,
    unknown
  >;
  expect({ where, backend, entries }).toEqual({
    where: `redis://***@127.0.0.1:${redis.port}`,
    backend: 'redis',
    entries: 3,
  });
  expect((await cache(['export'])).out).toBe(file);
  expect((await cache(['purge', '--id', keyOf(2)])).out).toBe('removed 1 entry\n');
  expect((await cache(['list', '--json'])).out.trimEnd().split('\n')).toHaveLength(2);
});
