import { emptyDir } from './processes.ts';

const run = (...command: string[]) => Bun.spawnSync(command, { stderr: 'ignore' }).success;

/** A file system of its own, soon full. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  resize(size: string): void;
}

/** @returns nothing where we may not mount one */
export function smallDisk(size: string): SmallDisk | undefined {
  const path = emptyDir();
  if (!run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path)) return undefined;
  return {
    path,
    resize: (to) => {
      if (!run('mount', '-o', `remount,size=${to}`, path)) throw new Error('not resized');
    },
    [Symbol.dispose]: () => void run('umount', '-l', path),
  };
}

const probe = smallDisk('64k');
probe?.[Symbol.dispose]();
export const hasSmallDisks = probe !== undefined;
