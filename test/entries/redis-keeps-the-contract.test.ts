import { afterAll, expect, test } from 'bun:test';
import { RedisEntries } from '../../src/store/entries/redis.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { entryStoreContract } from './contract.ts';
import { keyOf, sampleEntry } from './sample.ts';

if (hasRedis) {
  const redis = await startRedis();
  afterAll(() => redis[Symbol.asyncDispose]());
  const open = async (options: { maxSize: number }) => {
    await redis.command('FLUSHALL');
    return new RedisEntries(redis.url, options);
  };
  entryStoreContract('Redis', open, {
    damage: async (key) => void (await redis.command('SETRANGE', `aifd:c:e:${key}`, '20', 'spoiled')),
  });

  test('two stores on one server see the same entries and keep one size', async () => {
    const options = { maxSize: 100_000 };
    const [a, b] = [await open(options), new RedisEntries(redis.url, options)];
    for (let i = 0; i < 100; i++) await (i % 2 ? a : b).put(keyOf(i), sampleEntry('x'.repeat(3000)));
    expect(await a.get(keyOf(98))).toBeDefined();
    expect(await b.get(keyOf(99))).toBeDefined();
    expect(await a.stats()).toEqual(await b.stats());
    expect((await a.stats()).bytes).toBeLessThanOrEqual(options.maxSize);
    await a.close();
    await b.close();
  });
} else test.skip('entries in Redis: there is no redis-server', () => {});
