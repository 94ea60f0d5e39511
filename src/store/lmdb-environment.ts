import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';
import { Gate } from './lmdb-gate.ts';

export { ABORT, type Database, type RootDatabase } from 'lmdb';

/** An LMDB environment that several processes of one machine may have open. */
export interface Environment {
  readonly db: RootDatabase<Buffer, Buffer>;
  /** Entered around each write. */
  readonly gate: Gate;
}

/**
 * Opens the LMDB environment in the folder `path`, and makes it where there is none. Keys and values are bytes.
 *
 * `noSync`: a commit is a write to the page cache, without waiting for the disk (3,700 commits a second at most
 * otherwise). The cache belongs to the kernel, so that all that was committed outlives the process, by `kill -9`
 * too, and LMDB's lock is a robust mutex that the next process takes over from a dead one. Overlapping sync is off
 * with it: it would flush in a thread of its own. The map has its whole size from the start, for one that grows is a
 * bus error in the other processes; the file takes what is used.
 *
 * @param options what differs between environments; `mapSize` in bytes
 * @throws Error when the folder holds something else or can't be written
 */
export function openEnvironment(
  path: string,
  options: Pick<RootDatabaseOptionsWithPath, 'useWritemap' | 'maxDbs'> & { mapSize: number },
): Environment {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  refuseOtherFiles(join(path, 'data.mdb'));
  refuseUnusableLock(join(path, 'lock.mdb'));
  const gate = new Gate(join(path, 'gate'));
  const db = gate.whileAlone(() =>
    open<Buffer, Buffer>({
      path,
      noSubdir: false,
      noSync: true,
      overlappingSync: false,
      remapChunks: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      cache: false,
      ...options,
    }),
  );
  return { db, gate };
}

/** Where LMDB's first page says that it is one, and in which format. */
const MAGIC = { offset: 24, value: 0xbeef_c0de, version: 2 };
const TWO_PAGES = 8192;

/**
 * lmdb 3.5.6 ends the process (a segmentation fault) when it opens a file of something else.
 *
 * @throws Error for a file that is neither empty nor LMDB's
 */
function refuseOtherFiles(file: string): void {
  if (!existsSync(file) || statSync(file).size === 0) return;
  const start = Buffer.alloc(MAGIC.offset + 8);
  const opened = openSync(file, 'r');
  try {
    readSync(opened, start, 0, start.length, 0);
  } finally {
    closeSync(opened);
  }
  const isLmdb = start.readUInt32LE(MAGIC.offset) === MAGIC.value;
  if (isLmdb && start.readUInt32LE(MAGIC.offset + 4) === MAGIC.version && statSync(file).size >= TWO_PAGES)
    return;
  throw new Error('data.mdb there is no LMDB file');
}

/**
 * It ends the process too when it can't open its lock file.
 *
 * @throws Error for a lock that is no file, or one that can't be written
 */
function refuseUnusableLock(file: string): void {
  if (!existsSync(file)) return;
  if (!statSync(file).isFile()) throw new Error('lock.mdb there is no file');
  accessSync(file, constants.R_OK | constants.W_OK);
}
