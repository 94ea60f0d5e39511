import { createServer } from 'node:net';
import { join } from 'node:path';
import { emptyFolder } from '../support/aifd.ts';
import { until } from '../support/until.ts';

const main = join(import.meta.dir, '../../src/cli/main.ts');

/** A port that was free a moment ago: several workers need a fixed one. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** aifd as a process with these variables, under an open-files limit as high as may be; killed at the end. */
export async function spawnServer(env: Record<string, string>) {
  const script = 'ulimit -n "$(ulimit -Hn)"; exec "$@"';
  const child = Bun.spawn(['sh', '-c', script, 'sh', process.execPath, main, 'run'], {
    cwd: emptyFolder(),
    env: {
      PATH: process.env.PATH,
      NO_COLOR: '1',
      HOST: '127.0.0.1',
      PORT: env.WORKERS ? String(await freePort()) : '0',
      ...env,
    },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const output = { text: '' };
  const collect = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    for await (const piece of stream) output.text += Buffer.from(piece).toString();
  };
  const collected = Promise.all([collect(child.stdout), collect(child.stderr)]);
  const listening = /listening on (\S+)/;
  await until(() => listening.test(output.text) || child.exitCode !== null, 'aifd listens or ends', 15_000);
  return {
    child,
    pid: child.pid,
    output,
    /** Empty when it did not start. */
    url: listening.exec(output.text)?.[1]?.replace(/\/$/, '') ?? '',
    /** The exit code and all that was said, once it has ended. */
    async ended(): Promise<{ code: number; text: string }> {
      const code = await child.exited;
      await collected;
      return { code, text: output.text };
    },
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}

/** The processes that `pid` started and that still run. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await Bun.file(`/proc/${pid}/task/${pid}/children`).text();
  return text.trim().split(' ').filter(Boolean).map(Number);
}

/** Resolves when no new connection is taken any more. */
export async function refusesConnections(url: string): Promise<void> {
  await until(
    () =>
      fetch(`${url}/healthz`, { headers: { connection: 'close' }, signal: AbortSignal.timeout(2000) }).then(
        () => false,
        () => true,
      ),
    'new connections are refused',
  );
}
