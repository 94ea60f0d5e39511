/** A disk of that many bytes, mounted where none is yet; undefined where one may not mount. */
import { rmdirSync } from 'node:fs';
import { emptyFolder } from './level-engines.ts';

const run = (...command: string[]) =>
  Bun.which(command[0]!) !== null && Bun.spawnSync(command, { stdout: 'ignore', stderr: 'ignore' }).success;

export function mountSmallDisk(bytes: number): { path: string; unmount: () => void } | undefined {
  const path = emptyFolder();
  const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
  if (!isRoot || !run('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'aifd-test', path)) return undefined;
  return {
    path,
    unmount: () => {
      run('umount', '-l', path);
      rmdirSync(path);
    },
  };
}
