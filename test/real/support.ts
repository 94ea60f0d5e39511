import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Says why a script can't run here; `finish` makes exit code 77 of it, as `scripts/check.ts` expects. */
export class Skip extends Error {}

const cache = join(import.meta.dir, '../../node_modules/.cache/aifd-python');
const cleanups: (() => unknown)[] = [];

/** Called at the end of the script, however it ends (in the reverse order); must not wait for anything. */
export function atEnd(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** A folder that is gone when the script has ended. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'aifd-real-'));
  atEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/**
 * Runs the script's `main` within its time, cleans up, and ends the process: 0 passed, 1 failed, 77 skipped.
 *
 * @param deadline for all of it, in milliseconds
 */
export async function finish(deadline: number, main: () => Promise<void>): Promise<never> {
  process.on('exit', () => {
    for (const cleanup of cleanups.toReversed()) cleanup();
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));
  setTimeout(() => {
    console.error(`FAIL not done within ${deadline / 1000} s`);
    process.exit(1);
  }, deadline);
  try {
    await main();
  } catch (error) {
    if (error instanceof Skip) console.log(`SKIP ${error.message}`);
    else console.error(error);
    process.exit(error instanceof Skip ? 77 : 1);
  }
  process.exit(0);
}

/** One check of a script: its name is printed when it has passed. */
export async function check(name: string, body: () => unknown): Promise<void> {
  try {
    await body();
  } catch (error) {
    throw new Error(`FAIL ${name}`, { cause: error });
  }
  console.log(`ok   ${name}`);
}

interface RunOptions {
  /** Milliseconds after which it is killed. */
  readonly limit: number;
  readonly env?: Record<string, string>;
}

/** Runs a command to its end, its output joined. `late`: it was killed because its time was up. */
export async function run(command: string[], { limit, env = {} }: RunOptions) {
  const child = Bun.spawn(command, {
    env: { ...process.env, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  atEnd(() => child.kill('SIGKILL'));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, limit);
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  clearTimeout(timer);
  return { text: out + err, code, late };
}

/**
 * The interpreter of a virtual environment that has `requirement`, made at the first call and kept for the next.
 *
 * @param requirement with its exact version, such as `openai==3.54.0`
 * @param limit for the installation, in milliseconds
 * @throws Skip when there is no Python that can make one, or the installation took too long
 */
export async function pythonWith(requirement: string, limit: number): Promise<string> {
  const python = await usablePython();
  const place = join(cache, `${requirement.replace(/[^\w.]+/g, '-')}-${python.version}`);
  const interpreter = join(place, 'bin/python');
  if (existsSync(interpreter)) return interpreter;
  mkdirSync(cache, { recursive: true });
  // Made elsewhere and moved when whole, so that a broken one is never found and two runs don't mix.
  const making = mkdtempSync(`${place}-`);
  atEnd(() => rmSync(making, { recursive: true, force: true }));
  const started = Date.now();
  await must([python.path, '-m', 'venv', making], limit);
  const install = ['-m', 'pip', 'install', '--quiet', '--only-binary=:all:', requirement];
  await must([join(making, 'bin/python'), ...install], limit - (Date.now() - started));
  console.log(`installed ${requirement} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  try {
    renameSync(making, place);
  } catch (error) {
    if (!existsSync(interpreter)) throw error;
  }
  return interpreter;
}

async function must(command: string[], limit: number): Promise<void> {
  const { text, code, late } = await run(command, { limit });
  if (late) throw new Skip(`\`${command.slice(1).join(' ')}\` took more than ${Math.round(limit / 1000)} s`);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${text.slice(-3000)}`);
}

async function usablePython(): Promise<{ path: string; version: string }> {
  const path = Bun.which('python3');
  if (path === null) throw new Skip('there is no python3');
  // Debian ships python3 without ensurepip, and such a one can't make environments.
  const say = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';
  const { text, code } = await run([path, '-c', say], { limit: 20_000 });
  if (code !== 0) throw new Skip('the python3 here has no venv module');
  return { path, version: text.trim() };
}
