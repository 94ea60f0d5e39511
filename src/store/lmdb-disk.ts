import { statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What a new environment takes of the disk is 40 KiB of the cache, 20 of windows, and folders. */
const NEEDED_BYTES = 2 ** 17;
/** A data file of this size has its tables. */
const BEGUN_BYTES = 7 * 4096;

/**
 * lmdb 3.5.6 ends the process (a segmentation fault, an assertion) when the disk is full as it makes its files, and so does
 * the kernel (a bus error) where a page of a mapped file has no room on it.
 *
 * @param path the environment's folder, which is there
 * @param writesAtOnce whether it is written to when it opens, also where all files are there
 * @throws Error that says what is free and what is needed
 */
export function refuseFullDisk(path: string, writesAtOnce: boolean): void {
  if (!writesAtOnce && hasItsFiles(path)) return;
  const { blocks, bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  // A file system that tells no size has no bound, or none that it says.
  if (blocks === 0 || free >= NEEDED_BYTES) return;
  throw new Error(`the disk is full: ${free} bytes are free there, and ${NEEDED_BYTES} are needed`);
}

function hasItsFiles(path: string): boolean {
  const stat = (name: string) => statSync(join(path, name), { throwIfNoEntry: false });
  // These two are mapped and written to: a length alone is no room on the disk.
  const areThere = ['gate', 'lock.mdb'].every((name) => (stat(name)?.blocks ?? 0) > 0);
  return areThere && (stat('data.mdb')?.size ?? 0) >= BEGUN_BYTES;
}
