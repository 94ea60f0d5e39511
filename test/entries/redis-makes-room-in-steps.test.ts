import { expect, test } from 'bun:test';
import { RedisEntries } from '../../src/store/entries/redis.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { keyOf, sampleEntry } from './sample.ts';

test.skipIf(!hasRedis)(
  'a put that must remove thousands keeps Redis from others only for moments',
  async () => {
    const redis = await startRedis();
    const roomy = new RedisEntries(redis.url, { maxSize: 2 ** 26 });
    for (let at = 0; at < 5000; at += 500) {
      const names = Array.from({ length: 500 }, (_, i) => at + i);
      await Promise.all(names.map((i) => roomy.put(keyOf(i), sampleEntry('x'))));
    }
    const narrow = new RedisEntries(redis.url, { maxSize: 2000 });
    await redis.command('CONFIG', 'RESETSTAT');
    await narrow.put(keyOf('new'), sampleEntry('new'));
    const stats = String(await redis.command('INFO', 'commandstats'));
    const calls = Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]);
    expect(calls).toBeGreaterThanOrEqual(5);
    expect(await narrow.get(keyOf('new'))).toBeDefined();
    expect((await narrow.stats()).bytes).toBeLessThanOrEqual(2000);
    await roomy.close();
    await narrow.close();
    await redis[Symbol.asyncDispose]();
  },
);
