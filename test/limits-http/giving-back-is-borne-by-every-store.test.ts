import { expect, test } from 'bun:test';
import { emptyFolder, spawnAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { startUpstream } from '../support/upstream.ts';
import { bearer, chat, chatPath, jsonType, limit, remainingTokens } from './support.ts';

/** Users whose first request fails upstream: all that was taken for it is given back, and the window is empty. */
async function giveBack(backend: string, strategy: string, users: number): Promise<void> {
  await using upstream = await startUpstream(async (request) => {
    await request.whole();
    request.answer(500, '{}', jsonType);
  });
  await using aifd = await spawnAifd({
    OPENAI_BASE_URL: upstream.url,
    DATA_DIR: emptyFolder(),
    RATE_LIMIT_BACKEND: backend,
    RATE_LIMIT_STRATEGY: strategy,
    TOKENS_LIMIT: limit('1000/hour'),
  });
  for (let i = 0; i < users; i++) {
    const asked = chat({ max_tokens: 500 }, [bearer(`sk-${i}`)]);
    const first = await ask(aifd.url, chatPath, asked);
    expect(first.status).toBe(500);
    // A Redis may be told a moment later.
    await until(async () => {
      const next = await ask(aifd.url, chatPath, asked);
      return next.status === 500 && remainingTokens(next) === remainingTokens(first);
    }, 'all is there again');
  }
  expect(aifd.child.exitCode).toBe(null);
}

const strategies = ['fixed-window', 'fixed-window-elastic-expiry', 'moving-window'];
test.each(strategies)('LMDB, %s', (strategy) => giveBack('lmdb', strategy, 5));
test.each(strategies)('memory, %s', (strategy) => giveBack('memory', strategy, 5));
test.skipIf(!hasRedis).each(strategies)('Redis, %s', async (strategy) => {
  await using redis = await startRedis();
  await giveBack(redis.url, strategy, 5);
});
