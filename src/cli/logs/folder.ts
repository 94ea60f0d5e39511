import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { trueEnvironment } from '../../config/environment.ts';
import { type Flags, load } from '../../config/load.ts';
import { filesOfLog } from '../../record/logfile/names.ts';
import { readUserSecret } from '../../store/user-digest.ts';

/** One log: a target's exchanges of one kind. */
export interface Log {
  /** The target's folder: `openai`. */
  readonly target: string;
  readonly kind: string;
  /** Of its files. */
  readonly folder: string;
  /** The file that is written to, there or not. */
  readonly name: string;
}

/**
 * Where `aifd run` writes its logs: `LOG_DIR`, by flag, environment, `.env` or default.
 *
 * @param flags - those that the command takes
 * @throws ConfigError as `aifd run` would
 */
export function logFolder(flags: Pick<Flags, 'logDir' | 'envFile'>): string {
  const cwd = process.cwd();
  const { logDir, dataDir } = load({ flags, env: trueEnvironment(cwd), cwd }).config;
  // Keys are found by their digest, which DATA_DIR's secret makes.
  readUserSecret(resolve(cwd, dataDir));
  return resolve(cwd, logDir);
}

export const logKinds = ['chat', 'completion', 'embedding', 'response', 'whisper'] as const;

/** The logs under a folder, by target and kind; none when it is not there. */
export async function findLogs(
  folder: string,
  target: string | undefined,
  kind: string | undefined,
): Promise<Log[]> {
  const targets = target === undefined ? await namesIn(folder) : [target];
  const logs: Log[] = [];
  for (const one of targets.toSorted()) {
    const there = new Set(await namesIn(join(folder, one)));
    for (const each of kind === undefined ? logKinds : [kind]) {
      if (!there.has(each)) continue;
      logs.push({ target: one, kind: each, folder: join(folder, one, each), name: `${each}.log` });
    }
  }
  return logs;
}

/** Paths of its files, oldest first. */
export async function filesOf({ folder, name }: Log): Promise<string[]> {
  return filesOfLog(name, await namesIn(folder)).map((file) => join(folder, file));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
