import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisClient } from 'bun';
import { until } from './until.ts';

const INSTALL_WITHIN_MS = 120_000;

/** A port that was free a moment ago. */
function freePort(): number {
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  return port;
}

const find = (): string | undefined => Bun.which('redis-server') ?? Bun.which('valkey-server') ?? undefined;

/** Where redis-server or valkey-server is; Debian's is installed where there is none and we may. */
async function findServer(): Promise<string | undefined> {
  const there = find();
  if (there !== undefined || process.getuid?.() !== 0 || Bun.which('apt-get') === null) return there;
  const install = Bun.spawn(['apt-get', 'install', '-y', '--no-install-recommends', 'redis-server'], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
    timeout: INSTALL_WITHIN_MS,
    killSignal: 'SIGKILL',
  });
  await install.exited;
  return find();
}

const server = await findServer();

/** Whether tests with Redis can run here; the reason why not is said once, and they are skipped. */
export const hasRedis = server !== undefined;
if (!hasRedis) {
  console.warn('SKIP tests with Redis: there is no redis-server on PATH, and apt-get could not install it');
}

/** A Redis of one's own, as empty as at its start. `port` starts it again where it was before. */
export async function startRedis(port = freePort()) {
  if (server === undefined) throw new Error('there is no redis-server');
  const folder = mkdtempSync(join(tmpdir(), 'aifd-redis-'));
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
  const child = Bun.spawn([server, ...options, '--save', '', '--appendonly', 'no'], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  });
  const url = `redis://127.0.0.1:${port}`;
  await until(() => answers(url), `redis-server answers on ${port}`, 15_000);
  return {
    url,
    port,
    pid: child.pid,
    /** Sends one command, as an operator would. */
    async command(name: string, ...args: string[]): Promise<unknown> {
      const client = new RedisClient(url, { autoReconnect: false });
      try {
        return await client.send(name, args);
      } finally {
        client.close();
      }
    },
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new RedisClient(url, { autoReconnect: false, connectionTimeout: 1000 });
  try {
    return (await client.send('PING', [])) === 'PONG';
  } catch {
    return false;
  } finally {
    client.close();
  }
}
