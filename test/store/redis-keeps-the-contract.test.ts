import { afterAll, test } from 'bun:test';
import { openWindowStore } from '../../src/store/windows/open.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { windowStoreContract } from './contract.ts';

if (hasRedis) {
  const redis = await startRedis();
  afterAll(() => redis[Symbol.asyncDispose]());
  windowStoreContract('Redis', async () => openWindowStore(redis.url, ''));
} else test.skip('windows in Redis: there is no redis-server', () => {});
