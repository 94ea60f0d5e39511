import { expect, test } from 'bun:test';
import { RedisEntries } from '../../src/store/entries/redis.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { keyOf, sampleEntry } from './sample.ts';

test.skipIf(!hasRedis)('entries: calls reject while it is gone and succeed when it is back', async () => {
  const first = await startRedis();
  const store = new RedisEntries(first.url, { maxSize: 2 ** 20 });
  const puts = () =>
    store.put(keyOf('a'), sampleEntry()).then(
      () => true,
      () => false,
    );
  expect(await puts()).toBe(true);
  await first[Symbol.asyncDispose]();
  await until(async () => !(await puts()), 'a put rejects');
  await expect(store.get(keyOf('a'))).rejects.toThrow();
  const again = await startRedis(first.port);
  await until(puts, 'a put succeeds');
  expect(await store.get(keyOf('a'))).toBeDefined();
  await store.close();
  await again[Symbol.asyncDispose]();
});
