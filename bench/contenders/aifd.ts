import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { clientKey } from '../load/order.ts';
import { launchAifd } from '../measure/processes.ts';
import { needs, realKey } from './contender.ts';
import type { Contender, Running, Where } from './contender.ts';
import { startRedis } from './redis.ts';

type Options = Record<string, string>;

/** So much that nothing is ever refused: what is measured is the counting. */
const limits = { REQ_RATE_LIMIT: JSON.stringify({ '/v1/chat/completions': '1000000000/day' }) };
const cache = { CACHE_CHAT_COMPLETION: 'true', CACHE_BACKEND: 'LMDB' };
/** Users that share the load of `aifd+all`, in turn: no server has one user who asks 10,000 times a second. */
const users = Array.from({ length: 100 }, (_, i) => `fk-bench-${String(i).padStart(10, '0')}`);
const all = {
  FORWARD_KEY: users.join(','),
  REQ_RATE_LIMIT: JSON.stringify({ '/v1/chat/completions': '1000/second' }),
  RATE_LIMIT_STRATEGY: 'moving-window',
  ...cache,
  LOG_CHAT: 'true',
  USAGE: 'true',
  METRICS: 'public',
};

/** This project's aifd, bare and with one thing more on. */
export const aifds: readonly Contender[] = [
  aifd('aifd', 'off', {}),
  aifd('aifd+limits', 'on', limits),
  withRedis('aifd+redis', { ...limits, RATE_LIMIT_ON_ERROR: 'closed' }),
  aifd('aifd+cache', 'on', cache, { caches: true }),
  aifd('aifd+all', 'on', all, { keys: users, caches: true }),
  aifd('aifd-1worker', 'off', {}, { isSeveral: true }),
  aifd('aifd-2workers', 'off', { WORKERS: '2' }, { isSeveral: true }),
];

function aifd(name: string, features: 'off' | 'on', options: Options, more?: Partial<Contender>): Contender {
  const contender: Contender = {
    ...more,
    name,
    features,
    answers: 'exact',
    missing: () => undefined,
    start: (where) => startAifd(contender, options, where),
  };
  return contender;
}

/** Its windows in a Redis of its own, whose CPU is not counted as aifd's. */
function withRedis(name: string, options: Options): Contender {
  const contender: Contender = {
    ...aifd(name, 'on', options),
    missing: needs('redis-server'),
    async start(where) {
      const { url, child } = await startRedis(where);
      try {
        const running = await startAifd(contender, { ...options, RATE_LIMIT_BACKEND: url }, where);
        return { ...running, helper: child };
      } catch (error) {
        await child.stop();
        throw error;
      }
    },
  };
  return contender;
}

async function startAifd(contender: Contender, options: Options, where: Where): Promise<Running> {
  const full = {
    OPENAI_BASE_URL: `http://127.0.0.1:${where.upstream}`,
    OPENAI_API_KEY: realKey,
    FORWARD_KEY: clientKey,
    SHUTDOWN_TIMEOUT: '1',
    LOG_LEVEL: 'warn',
    DATA_DIR: await mkdtemp(join(where.folder, 'data-')),
    ...options,
  };
  return { contender, ...(await launchAifd(contender.name, full, where.folder, where)) };
}
