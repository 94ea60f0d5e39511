import { join } from 'node:path';
import { processTree } from './tree.ts';

const repository = join(import.meta.dir, '../..');

/** A child process of the bench. */
export interface Child {
  pid: number;
  /** Resolves when it ended by itself or was ended. */
  exited: Promise<number>;
  /** Ends it and all its descendants. */
  stop(): Promise<void>;
}

/**
 * Starts a child with only the given environment besides PATH and HOME; its output goes to `log`.
 *
 * @param options.cores the processors it may use, as `taskset` names them
 */
export function start(
  command: string[],
  options: { env?: Record<string, string>; cwd?: string; log: string; cores?: string },
): Child {
  const child = Bun.spawn(pinned(command, options.cores), {
    cwd: options.cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', ...options.env },
    stdin: 'ignore',
    stdout: Bun.file(options.log),
    stderr: Bun.file(`${options.log}.err`),
  });
  return { pid: child.pid, exited: child.exited, stop: () => end(child) };
}

/** When the bench itself is ended, so is all that it started. @param before - done before that */
export function endWithChildren(before: () => Promise<void> = async () => {}): void {
  const leave = async (): Promise<void> => {
    await before();
    // Last: a round that goes on would start others.
    processTree(process.pid).slice(1).forEach(kill);
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void leave());
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** The command that runs it on some processors only. */
export function pinned(command: readonly string[], cores: string | undefined): string[] {
  return cores === undefined ? [...command] : ['taskset', '-c', cores, ...command];
}

async function end(child: Bun.Subprocess): Promise<void> {
  const tree = processTree(child.pid);
  child.kill('SIGTERM');
  await Promise.race([child.exited, Bun.sleep(3000)]);
  if (child.exitCode === null && child.signalCode === null) tree.forEach(kill);
  await child.exited;
}

/**
 * Starts aifd of this checkout, or of another one's `root`, on a free port of 127.0.0.1.
 *
 * @param name of its log in `folder`, where it also runs: the `.env` of the project must not take part.
 * @throws Error with the end of its log when it does not listen.
 */
export async function launchAifd(
  name: string,
  env: Record<string, string>,
  folder: string,
  { cores, root = repository }: { cores?: string; root?: string } = {},
): Promise<{ port: number; child: Child }> {
  const port = freePort();
  const log = join(folder, `${name}.log`);
  const main = join(root, 'src/cli/main.ts');
  const command = [process.execPath, main, 'run', '--port', String(port)];
  const child = start(command, { cwd: folder, log, cores, env: { HOST: '127.0.0.1', ...env } });
  await untilListening(port, name).catch(async (error: Error) => {
    await child.stop();
    throw new Error(`${error.message}\n${(await Bun.file(`${log}.err`).text()).slice(-2000)}`);
  });
  return { port, child };
}

/** A TCP port that was free a moment ago. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

/** Waits until something accepts connections on the port. @throws Error after `seconds`. */
export async function untilListening(port: number, what: string, seconds = 10): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (performance.now() < deadline) {
    try {
      const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } });
      return void socket.terminate();
    } catch {
      await Bun.sleep(5);
    }
  }
  throw new Error(`${what} did not listen on port ${port} within ${seconds} seconds`);
}
