import { join } from 'node:path';
import { folder, said } from '../cli/aifd.ts';
import type { Held } from './holder.ts';

const main = join(import.meta.dir, '../../src/cli/main.ts');

/** Another process that has a cache open, as a server would. */
export async function hold(held: Held) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'holder.ts'), JSON.stringify(held)], {
    env: { PATH: process.env.PATH },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  await said(child.stdout, /ready/);
  return {
    pid: child.pid,
    /** `aifd cache` with the same configuration. */
    cache: cacheIn(held.dataDir, held.backend),
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}

/** What is done with a cache in `dataDir`. */
export function cacheIn(dataDir: string, backend: string) {
  const env = { PATH: process.env.PATH, DATA_DIR: dataDir, CACHE_BACKEND: backend };
  return async (args: readonly string[], stdin: string | Uint8Array = '') => {
    const child = Bun.spawn([process.execPath, main, 'cache', ...args], {
      cwd: folder(),
      env,
      stdin: typeof stdin === 'string' ? Buffer.from(stdin) : stdin,
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const [bytes, err, code] = await Promise.all([child.stdout.bytes(), child.stderr.text(), child.exited]);
    return { out: Buffer.from(bytes).toString(), bytes, err, code };
  };
}
