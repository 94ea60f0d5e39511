import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from '../../src/config/load.ts';
import { serve } from '../../src/server/serve.ts';
import { until } from './until.ts';

const main = join(import.meta.dir, '../../src/cli/main.ts');

/** An empty folder: no `.env` in it. */
export const emptyFolder = (): string => mkdtempSync(join(tmpdir(), 'aifd-test-'));

type Env = Record<string, string>;

/** aifd in this process, on a port of its own. `idleSeconds` is the idle limit of clients' connections. */
export async function startAifd(env: Env = {}, idleSeconds?: number) {
  const { config } = load({
    flags: {},
    env: { PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'warn', ...env },
    cwd: emptyFolder(),
  });
  const running = await serve(config, idleSeconds);
  return {
    url: running.url,
    port: running.port,
    async [Symbol.asyncDispose](): Promise<void> {
      await running.stop(0);
    },
  };
}

/** aifd as a process of its own, started as a shell would. */
export async function spawnAifd(env: Env = {}, args: readonly string[] = []) {
  const child = Bun.spawn(
    [process.execPath, main, 'run', '--port', env.PORT ?? '0', '--host', '127.0.0.1', ...args],
    {
      cwd: emptyFolder(),
      env: { PATH: process.env.PATH, NO_COLOR: '1', ...env },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    },
  );
  const output = { text: '' };
  const collect = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const piece of stream) output.text += decoder.decode(piece, { stream: true });
  };
  const collected = Promise.all([collect(child.stdout), collect(child.stderr)]);
  const listening = /listening on (\S+)/;
  await until(
    () => listening.test(output.text) || child.exitCode !== null,
    'aifd says where it listens',
    15_000,
  );
  const url = listening.exec(output.text)?.[1];
  if (!url) throw new Error(`aifd did not start: ${output.text}`);
  return {
    url,
    pid: child.pid,
    child,
    output,
    /** The most memory that it ever held, bytes. */
    async peakMemory(): Promise<number> {
      const status = await Bun.file(`/proc/${child.pid}/status`).text();
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill('SIGKILL');
      await child.exited;
      await collected;
    },
  };
}

/** The environment that makes `url` the only target. */
export const forwardingTo = (url: string): Env => ({ OPENAI_BASE_URL: url });
