import { join } from 'node:path';
import { folder } from '../cli/aifd.ts';

/** `aifd stats` or `aifd top` with this data folder, started. */
export function start(dataDir: string, args: string[], env: Record<string, string> = {}) {
  return Bun.spawn([process.execPath, join(import.meta.dir, 'commands.ts'), ...args], {
    cwd: folder(),
    env: { PATH: process.env.PATH, DATA_DIR: dataDir, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
}

/** The same, to its end. */
export async function run(dataDir: string, args: string[], env?: Record<string, string>) {
  const child = start(dataDir, args, env);
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}
