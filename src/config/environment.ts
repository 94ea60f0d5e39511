import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Variables } from './env-file.ts';

/**
 * The environment this process was given. `process.env` is not it: Bun fills in `.env`, `.env.local` and their
 * like from the current folder before the first line of ours runs, so a value there can't be told from one
 * that was exported, and would win against `--env-file`.
 *
 * @param cwd the folder Bun was started in
 */
export function trueEnvironment(cwd: string): Variables {
  return initialBlock() ?? withoutAutoloaded(process.env, cwd);
}

/**
 * Takes what Bun filled in out of `process.env`, so that workers are given what we were. They must be started
 * with `env: process.env`: without it Bun hands on a copy from before.
 */
export function restoreEnvironment(given: Variables): void {
  for (const name of Object.keys(process.env)) if (given[name] === undefined) delete process.env[name];
}

/** What the process was started with, on Linux; undefined elsewhere. */
function initialBlock(): Variables | undefined {
  try {
    const pairs = readFileSync('/proc/self/environ', 'utf8').split('\0');
    return Object.fromEntries(
      pairs
        .filter((pair) => pair.includes('='))
        .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    );
  } catch {
    return undefined;
  }
}

/**
 * The next best where there is no `/proc`: a variable with the value that one of Bun's own files gives it is
 * taken to come from there.
 *
 * @see https://bun.com/docs/runtime/environment-variables
 */
export function withoutAutoloaded(loaded: Variables, cwd: string): Variables {
  const modes = ['', '.development', '.production', '.test'];
  const files = modes
    .flatMap((mode) => [`.env${mode}`, `.env${mode}.local`])
    .map((name) => readAsBun(join(cwd, name)));
  const given = Object.entries(loaded).filter(([name, value]) => !files.some((file) => file[name] === value));
  return Object.fromEntries(given);
}

/** Not `readEnvFile`: what Bun filled in can only be told by reading as Bun does, its mistakes included. */
function readAsBun(path: string): Variables {
  try {
    return parseEnv(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  } catch {
    return {};
  }
}
