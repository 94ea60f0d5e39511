import { expect, test } from 'bun:test';
import { spawnAifd } from '../support/aifd.ts';
import { ask, type RawResponse } from '../support/raw.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { startUpstream, type UpstreamRequest } from '../support/upstream.ts';
import { bearer, chat, chatPath, completion, jsonType, limit } from './support.ts';

const times = (text: string, what: RegExp): number =>
  text.split('\n').filter((line) => what.test(line)).length;

const whileGone: Record<string, { statuses: number[]; says: RegExp }> = {
  local: { statuses: [200, 200, 200, 429, 429], says: /own memory/ },
  open: { statuses: [200, 200, 200, 200, 200], says: /all requests pass/ },
  closed: { statuses: [503, 503, 503, 503, 503], says: /refused/ },
};

test.skipIf(!hasRedis).each(Object.keys(whileGone))(
  'RATE_LIMIT_ON_ERROR=%s, and it resumes by itself',
  async (onError) => {
    await using upstream = await startUpstream();
    const redis = await startRedis();
    await using aifd = await spawnAifd({
      OPENAI_BASE_URL: upstream.url,
      RATE_LIMIT_BACKEND: redis.url,
      RATE_LIMIT_ON_ERROR: onError,
      REQ_RATE_LIMIT: limit('3/hour'),
    });
    const as = (user: string): Promise<RawResponse> => ask(aifd.url, chatPath, { headers: [bearer(user)] });
    const five = async (user: string): Promise<number[]> => {
      const all: number[] = [];
      for (let i = 0; i < 5; i++) all.push((await as(user)).status);
      return all;
    };
    expect(await five('sk-before')).toEqual([200, 200, 200, 429, 429]);
    await redis[Symbol.asyncDispose]();

    const { statuses, says } = whileGone[onError]!;
    expect(await five('sk-meanwhile')).toEqual(statuses);
    if (onError === 'closed') {
      const refused = await as('sk-meanwhile');
      expect(refused.json()).toMatchObject({ error: { code: 'limits_unavailable' } });
      expect(refused.header('retry-after')).toBe('1');
      // Nothing of what was refused has gone upstream, and other routes are free.
      expect(upstream.requests).toHaveLength(3);
      expect((await ask(aifd.url, '/v1/models')).status).toBe(200);
    }
    await until(() => times(aifd.output.text, /backend is gone/) === 1, 'it says that it is gone');
    expect(aifd.output.text).toMatch(says);

    await using again = await startRedis(redis.port);
    // Asked again once a second.
    await until(
      async () => {
        await as('sk-look');
        return /backend is back/.test(aifd.output.text);
      },
      'it says that it is back',
      10_000,
    );
    expect(await five('sk-after')).toEqual([200, 200, 200, 429, 429]);
    expect(await again.command('KEYS', 'aifd:*')).not.toEqual([]);
    expect(times(aifd.output.text, /backend is gone/)).toBe(1);
    expect(times(aifd.output.text, /backend is back/)).toBe(1);
  },
  30_000,
);

test.skipIf(!hasRedis)(
  'a Redis that is not there at the start is waited for in the same way',
  async () => {
    await using upstream = await startUpstream();
    const first = await startRedis();
    await first[Symbol.asyncDispose]();
    await using aifd = await spawnAifd({
      OPENAI_BASE_URL: upstream.url,
      RATE_LIMIT_BACKEND: `redis://:hunter2@127.0.0.1:${first.port}`,
      REQ_RATE_LIMIT: limit('1/hour'),
    });
    expect((await ask(aifd.url, chatPath)).status).toBe(200);
    expect((await ask(aifd.url, chatPath)).status).toBe(429);
    await until(() => /backend is gone/.test(aifd.output.text), 'it says that it is gone');
    expect(aifd.output.text).not.toContain('hunter2');
  },
  20_000,
);

test.skipIf(!hasRedis)(
  'one that hangs does not hang requests',
  async () => {
    await using upstream = await startUpstream();
    await using redis = await startRedis();
    await using aifd = await spawnAifd({
      OPENAI_BASE_URL: upstream.url,
      RATE_LIMIT_BACKEND: redis.url,
      REQ_RATE_LIMIT: limit('3/hour'),
    });
    expect((await ask(aifd.url, chatPath)).status).toBe(200);
    process.kill(redis.pid, 'SIGSTOP');
    try {
      // From here on this process's memory decides.
      const statuses = [];
      for (let i = 0; i < 4; i++) statuses.push((await ask(aifd.url, chatPath)).status);
      expect(statuses).toEqual([200, 200, 200, 429]);
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
  },
  20_000,
);

test.skipIf(!hasRedis)(
  'it goes amid many requests and streams: said once, and nobody is lost',
  async () => {
    const held: UpstreamRequest[] = [];
    await using upstream = await startUpstream(async (request) => {
      await request.whole();
      held.push(request);
    });
    const redis = await startRedis();
    await using aifd = await spawnAifd({
      OPENAI_BASE_URL: upstream.url,
      RATE_LIMIT_BACKEND: redis.url,
      REQ_RATE_LIMIT: limit('100000/hour'),
      TOKENS_LIMIT: limit('1000000/hour'),
    });
    const many = (): Promise<RawResponse>[] =>
      Array.from({ length: 40 }, () => ask(aifd.url, chatPath, chat({ max_tokens: 100 })));
    const before = many();
    await until(() => held.length === 40, 'all are upstream');
    await redis[Symbol.asyncDispose]();
    const after = many();
    await until(() => held.length === 80, 'those that came later are, too');
    for (const request of held) request.answer(200, completion(7), jsonType);
    const statuses = (await Promise.all([...before, ...after])).map(({ status }) => status);
    expect(statuses).toEqual(Array(80).fill(200));
    expect(aifd.child.exitCode).toBe(null);
    await until(() => times(aifd.output.text, /backend is gone/) === 1, 'it says that it is gone');
    expect(aifd.output.text).not.toMatch(/error:|unhandled/i);
  },
  20_000,
);
