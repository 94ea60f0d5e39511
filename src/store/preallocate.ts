import { closeSync, openSync } from 'node:fs';
import { libc } from './libc.ts';

const ENOSPC = 28;
const EDQUOT = 122;

/**
 * Takes disk space for the first `bytes` of a file, whose content stays. A write to a mapped page that has no space on the disk
 * is a bus error, which ends the process: this makes it an error here.
 *
 * @param file that is there
 * @returns false where the system or the file system can't do it
 * @throws Error when the disk has too little
 */
export function preallocate(file: string, bytes: number): boolean {
  const descriptor = openSync(file, 'r+');
  try {
    const code = libc()?.posix_fallocate(descriptor, 0, bytes);
    if (code === ENOSPC || code === EDQUOT) throw new Error(`the disk is full: ${bytes} bytes are needed`);
    return code === 0;
  } finally {
    closeSync(descriptor);
  }
}
