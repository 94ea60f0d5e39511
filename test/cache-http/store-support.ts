import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnAifd } from '../support/aifd.ts';
import { ask, type Asked, type RawResponse } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { startUpstream, type Handler, type Upstream } from '../support/upstream.ts';
import { answerNumbered, chatPath } from './support.ts';

type Env = Record<string, string>;

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'aifd-cache-'));

export const inLmdb = (folder: string): Env => ({
  CACHE_CHAT_COMPLETION: 'true',
  CACHE_BACKEND: 'LMDB',
  CACHE_ROOT_PATH_OR_URL: folder,
  MAX_RETRIES: '0',
});

/** aifd in a process of its own before an upstream. */
export async function spawnBefore(upstream: Upstream, env: Env) {
  const aifd = await spawnAifd({ OPENAI_BASE_URL: upstream.url, ...env });
  return {
    aifd,
    ask: (asked: Asked, path = chatPath): Promise<RawResponse> => ask(aifd.url, path, asked),
    async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
      aifd.child.kill(signal);
      await aifd.child.exited;
    },
    [Symbol.asyncDispose]: () => aifd[Symbol.asyncDispose](),
  };
}

export const startNumbered = (handler: Handler = answerNumbered): Promise<Upstream> => startUpstream(handler);

/** Asks until nobody has to be asked. */
export function untilKept(url: string, asked: Asked): Promise<RawResponse> {
  return until(async () => {
    const headers = [...(asked.headers ?? []), 'Cache-Control: only-if-cached'];
    const response = await ask(url, chatPath, { ...asked, headers });
    return response.status === 200 ? response : undefined;
  }, 'the answer is kept');
}

/** Runs aifd to its end: it should not start. */
export async function runToItsEnd(env: Env, port = '0'): Promise<{ code: number; output: string }> {
  const main = join(import.meta.dir, '../../src/cli/main.ts');
  const child = Bun.spawn([process.execPath, main, 'run', '--port', port, '--host', '127.0.0.1'], {
    cwd: newFolder(),
    env: { PATH: process.env.PATH, NO_COLOR: '1', ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: 10_000,
    killSignal: 'SIGKILL',
  });
  const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, output: out + error };
}
