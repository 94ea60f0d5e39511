import { accessSync, constants, lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const kinds: readonly (readonly [(stats: Stats) => boolean, string])[] = [
  [(stats) => stats.isSymbolicLink(), 'a symbolic link'],
  [(stats) => stats.isFIFO(), 'a pipe'],
  [(stats) => stats.isSocket(), 'a socket'],
  [(stats) => stats.isCharacterDevice() || stats.isBlockDevice(), 'a device'],
];

/**
 * Engines open what bears a name of theirs, whatever it is: a pipe makes them wait for ever, others end the process. So all
 * in their folder must be plain files and folders. A link to the folder itself is no harm.
 *
 * @param path a folder that is there
 * @throws Error that names the first that is something else
 */
export function refuseOddFiles(path: string): void {
  for (const name of readdirSync(path)) {
    const stats = lstatSync(join(path, name), { throwIfNoEntry: false });
    const odd = stats && kinds.find(([is]) => is(stats))?.[1];
    if (odd) throw new Error(`${name} there is ${odd}, and not a file`);
  }
}

/**
 * @param file that may be missing
 * @throws Error when it is no plain file, or can't be written: that it is on a read-only disk included
 */
export function refuseUnwritable(file: string, name: string): void {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isFile()) throw new Error(`${name} there is no file`);
  // Not opened: to close LMDB's lock file would release the locks that this process may have on it (see fcntl(2)).
  accessSync(file, constants.R_OK | constants.W_OK);
}

/**
 * Finds out whether files can be made in a folder, or the folder itself where it is missing, and makes nothing.
 *
 * @throws Error that names what is in the way
 */
export function refuseUnwritableFolder(path: string): void {
  let at = resolve(path);
  for (; lstatSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at));
  const stats = statSync(at, { throwIfNoEntry: false });
  if (stats === undefined) throw new Error(`${at} is a symbolic link that leads nowhere`);
  if (!stats.isDirectory()) throw new Error(`${at} is no folder`);
  // Of a read-only disk root is told as well.
  accessSync(at, constants.W_OK | constants.X_OK);
}
