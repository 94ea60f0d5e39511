import { afterAll, expect, test } from 'bun:test';
import { strategies } from '../../src/store/windows/store.ts';
import { emptyFolder, spawnAifd } from '../support/aifd.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { bearer, chat, chatPath, spawnWorkers } from './support.ts';

const upstream = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request) {
    seen.set(request.headers.get('x-run')!, (seen.get(request.headers.get('x-run')!) ?? 0) + 1);
    return Response.json({});
  },
});
/** How many came through, a run. */
const seen = new Map<string, number>();
afterAll(() => upstream.stop(true));

const rules = JSON.stringify({ '/v1/chat/completions': '100/hour;1000/day', '/v1/embeddings': '40/hour' });
const CONNECTIONS = 50;

/** 2,000 requests at once from 50 connections, over all these servers; how many of each status came. */
async function storm(urls: readonly string[], run: string, asked: (i: number) => [string, string]) {
  const counts: Record<string, number> = {};
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, c) => {
      using client = await RawClient.open(urls[c % urls.length]!);
      for (let i = 0; i < 2000 / CONNECTIONS; i++) {
        const [path, key] = asked(c + i * CONNECTIONS);
        const headers = [bearer(key), `x-run: ${run}`];
        const { status } = await client.send(requestBytes(path, chat({}, headers))).response('POST');
        const name = `${path} ${key} ${status}`;
        counts[name] = (counts[name] ?? 0) + 1;
      }
    }),
  );
  return counts;
}

const one = (): [string, string] => [chatPath, 'sk-one'];

async function expectExact(urls: readonly string[], run: string): Promise<void> {
  expect(await storm(urls, run, one)).toEqual({
    [`${chatPath} sk-one 200`]: 100,
    [`${chatPath} sk-one 429`]: 1900,
  });
  expect(seen.get(run)).toBe(100);
}

test.each(strategies)(
  '4 workers on one LMDB: exactly 100 of 2,000 pass (%s)',
  async (strategy) => {
    const env = {
      DATA_DIR: emptyFolder(),
      OPENAI_BASE_URL: `http://127.0.0.1:${upstream.port}`,
      REQ_RATE_LIMIT: rules,
      RATE_LIMIT_STRATEGY: strategy,
    };
    await using aifd = await spawnWorkers(env);
    await expectExact([aifd.url], `lmdb ${strategy}`);
  },
  30_000,
);

test('per user and per rule: 4 workers, two users, two rules', async () => {
  const env = {
    DATA_DIR: emptyFolder(),
    OPENAI_BASE_URL: `http://127.0.0.1:${upstream.port}`,
    REQ_RATE_LIMIT: rules,
  };
  await using aifd = await spawnWorkers(env);
  const paths = [chatPath, '/v1/embeddings'];
  const counts = await storm([aifd.url], 'mixed', (i) => [paths[i % 2]!, i % 4 < 2 ? 'sk-one' : 'sk-two']);
  expect(counts).toEqual({
    [`${chatPath} sk-one 200`]: 100,
    [`${chatPath} sk-one 429`]: 400,
    [`${chatPath} sk-two 200`]: 100,
    [`${chatPath} sk-two 429`]: 400,
    '/v1/embeddings sk-one 200': 40,
    '/v1/embeddings sk-one 429': 460,
    '/v1/embeddings sk-two 200': 40,
    '/v1/embeddings sk-two 429': 460,
  });
  expect(seen.get('mixed')).toBe(280);
}, 30_000);

test.skipIf(!hasRedis).each(strategies)(
  '3 aifd on one Redis: exactly 100 of 2,000 pass (%s)',
  async (strategy) => {
    await using redis = await startRedis();
    const env = {
      RATE_LIMIT_BACKEND: redis.url,
      OPENAI_BASE_URL: `http://127.0.0.1:${upstream.port}`,
      REQ_RATE_LIMIT: rules,
      RATE_LIMIT_STRATEGY: strategy,
    };
    await using a = await spawnAifd(env);
    await using b = await spawnAifd(env);
    await using c = await spawnAifd(env);
    await expectExact([a.url, b.url, c.url], `redis ${strategy}`);
    for (const { output } of [a, b, c]) expect(output.text).not.toContain('gone');
  },
  30_000,
);
