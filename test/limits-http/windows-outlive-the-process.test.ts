import { expect, test } from 'bun:test';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aifd } from '../cli/aifd.ts';
import { emptyFolder, spawnAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';
import { chat, chatPath, completion, freePort, jsonType, limit } from './support.ts';

const strategies = ['fixed-window', 'fixed-window-elastic-expiry', 'moving-window'];

test.each(strategies)(
  'a window survives kill -9 and a restart (%s)',
  async (strategy) => {
    await using upstream = await startUpstream();
    const env = {
      OPENAI_BASE_URL: upstream.url,
      DATA_DIR: join(emptyFolder(), 'made', 'when needed'),
      REQ_RATE_LIMIT: limit('4/hour'),
      RATE_LIMIT_STRATEGY: strategy,
    };
    const statuses: number[] = [];
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
      await using child = await spawnAifd(env);
      for (let i = 0; i < 2; i++) statuses.push((await ask(child.url, chatPath)).status);
      child.child.kill(signal);
      await child.child.exited;
    }
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
    expect(upstream.requests).toHaveLength(4);
  },
  20_000,
);

test('tokens survive too', async () => {
  await using upstream = await startUpstream(async (request) => {
    await request.whole();
    request.answer(200, completion(400), jsonType);
  });
  const env = { OPENAI_BASE_URL: upstream.url, DATA_DIR: emptyFolder(), TOKENS_LIMIT: limit('1000/hour') };
  {
    await using child = await spawnAifd(env);
    await ask(child.url, chatPath, chat({ max_tokens: 900 }));
    // Settled by now: its own reservation fits only beside 400.
    expect((await ask(child.url, chatPath, chat({ max_tokens: 500 }))).status).toBe(200);
  }
  await using again = await spawnAifd(env);
  expect((await ask(again.url, chatPath, chat({ max_tokens: 300 }))).status).toBe(429);
  expect((await ask(again.url, chatPath, chat({ max_tokens: 100 }))).status).toBe(200);
}, 20_000);

test('another limit or another strategy begins anew', async () => {
  await using upstream = await startUpstream();
  const env = { OPENAI_BASE_URL: upstream.url, DATA_DIR: emptyFolder(), REQ_RATE_LIMIT: limit('1/hour') };
  const status = async (more: Record<string, string>): Promise<number> => {
    await using child = await spawnAifd({ ...env, ...more });
    return (await ask(child.url, chatPath)).status;
  };
  expect(await status({})).toBe(200);
  expect(await status({})).toBe(429);
  expect(await status({ RATE_LIMIT_STRATEGY: 'moving-window' })).toBe(200);
}, 20_000);

test.each([
  ['no limit', {}],
  [
    'pace and places only',
    { TOKEN_RATE_LIMIT: limit('9/second'), CONCURRENCY_LIMIT: '5', USER_CONCURRENCY_LIMIT: '1' },
  ],
  ['limits that are inf', { GLOBAL_RATE_LIMIT: 'inf', REQ_RATE_LIMIT: limit('inf') }],
  ['windows in memory', { GLOBAL_RATE_LIMIT: '5/hour', RATE_LIMIT_BACKEND: 'memory' }],
])('nothing is written to disk with %s', async (_, more) => {
  await using upstream = await startUpstream();
  const DATA_DIR = join(emptyFolder(), 'data');
  await using child = await spawnAifd({ OPENAI_BASE_URL: upstream.url, DATA_DIR, ...more });
  expect((await ask(child.url, chatPath)).status).toBe(200);
  expect(existsSync(DATA_DIR)).toBe(false);
});

test('with windows they are under DATA_DIR, for nobody else to read', async () => {
  await using upstream = await startUpstream();
  const DATA_DIR = join(emptyFolder(), 'data');
  await using child = await spawnAifd({
    OPENAI_BASE_URL: upstream.url,
    DATA_DIR,
    GLOBAL_RATE_LIMIT: '5/hour',
  });
  await ask(child.url, chatPath);
  expect(readdirSync(DATA_DIR)).toContain('windows');
});

const broken: [string, (dir: string) => void][] = [
  ['a file where the folder should be', (dir) => writeFileSync(dir, 'x')],
  [
    'a file that is no LMDB',
    (dir) => {
      mkdirSync(join(dir, 'windows'), { recursive: true });
      writeFileSync(join(dir, 'windows', 'data.mdb'), 'x'.repeat(20_000));
    },
  ],
  [
    'a folder where the file should be',
    (dir) => mkdirSync(join(dir, 'windows', 'data.mdb'), { recursive: true }),
  ],
  [
    'a folder where the lock should be',
    (dir) => mkdirSync(join(dir, 'windows', 'lock.mdb'), { recursive: true }),
  ],
];

for (const workers of ['1', '2']) {
  test.each(broken)(
    `an unusable DATA_DIR stops the start (${workers} workers): %s`,
    async (_, make) => {
      const DATA_DIR = join(emptyFolder(), 'data');
      make(DATA_DIR);
      const port = `${freePort()}`;
      const env = { DATA_DIR, GLOBAL_RATE_LIMIT: '5/hour', WORKERS: workers, PORT: port, HOST: '127.0.0.1' };
      const { err, code } = await aifd(['run'], { env });
      expect(code).toBe(2);
      expect(err).toContain(DATA_DIR);
      expect(err).toMatch(/RATE_LIMIT_BACKEND|DATA_DIR/);
      expect(err).not.toMatch(/\n\s+at /);
      expect(err.split('\n').filter((line) => line.includes(DATA_DIR))).toHaveLength(1);
    },
    20_000,
  );
}

test('/proc is no place for it', async () => {
  const env = { DATA_DIR: '/proc/aifd', GLOBAL_RATE_LIMIT: '5/hour', PORT: '0', HOST: '127.0.0.1' };
  const { err, code } = await aifd(['run'], { env });
  expect(code).toBe(2);
  expect(err).toMatch(/\/proc\/aifd.*(ENOENT|no such|not|EACCES|EPERM)/);
});

test.skipIf(process.getuid?.() === 0)('a folder that may not be written to', async () => {
  const DATA_DIR = emptyFolder();
  chmodSync(DATA_DIR, 0o500);
  const { err, code } = await aifd(['run'], { env: { DATA_DIR, GLOBAL_RATE_LIMIT: '5/hour', PORT: '0' } });
  expect(code).toBe(2);
  expect(err).toContain(DATA_DIR);
});
