import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';
import { refuseFullDisk } from './lmdb-disk.ts';
import { refuseDamagedFile } from './lmdb-file.ts';
import { Gate } from './lmdb-gate.ts';
import { preallocate } from './preallocate.ts';
import { refuseOddFiles, refuseUnwritable } from './odd-files.ts';

export { ABORT, type Database, type RootDatabase } from 'lmdb';

/** Of lmdb 3.5.6, with room for 126 readers. */
const LOCK_BYTES = 8192;

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
 * @throws DamagedFile when the folder holds something else, or a file that was cut or damaged
 * @throws Error when it can't be written, or its disk is full
 */
export function openEnvironment(
  path: string,
  options: Pick<RootDatabaseOptionsWithPath, 'useWritemap' | 'maxDbs'> & { mapSize: number },
): Environment {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  refuseOddFiles(path);
  refuseFullDisk(path, options.useWritemap === true);
  // lmdb 3.5.6 ends the process when it can't open its lock file.
  for (const name of ['lock.mdb', 'data.mdb', 'gate']) refuseUnwritable(join(path, name), name);
  const gate = new Gate(join(path, 'gate'));
  try {
    return { gate, db: gate.whileAlone(() => openDatabase(path, options)) };
  } catch (error) {
    gate.close();
    throw error;
  }
}

function openDatabase(
  path: string,
  options: Pick<RootDatabaseOptionsWithPath, 'useWritemap' | 'maxDbs' | 'mapSize'>,
): RootDatabase<Buffer, Buffer> {
  const file = join(path, 'data.mdb');
  refuseDamagedFile(file);
  makeLock(join(path, 'lock.mdb'));
  const isNew = !existsSync(file) || statSync(file).size === 0;
  try {
    return open<Buffer, Buffer>({
      path,
      noSubdir: false,
      noSync: true,
      overlappingSync: false,
      remapChunks: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      cache: false,
      ...options,
    });
  } catch (error) {
    // What it made so far could be refused at every later start.
    if (isNew) rmSync(file, { force: true });
    throw error;
  }
}

/**
 * LMDB maps its lock file and writes to it: it has its space from the start. One that is there is not touched, for to close any
 * descriptor of it would release the locks that this process may have on it (see fcntl(2)).
 */
function makeLock(file: string): void {
  if (existsSync(file)) return;
  writeFileSync(file, '', { mode: 0o600 });
  preallocate(file, LOCK_BYTES);
}

/**
 * The oldest snapshot that somebody reads.
 *
 * @param list `db.readerList()`: lines of a process, a thread and a transaction, or `-` where it does not read now
 * @returns a transaction's number; `Infinity` when nobody reads
 */
export function oldestReader(list: string): number {
  let oldest = Infinity;
  for (const [, transaction] of list.matchAll(/^\s*\d+\s+\S+\s+(\d+)\s*$/gm))
    oldest = Math.min(oldest, Number(transaction));
  return oldest;
}

interface TreeStats {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}
interface FileStats extends TreeStats {
  readonly lastPageNumber: number;
  readonly lastTxnId: number;
  readonly pageSize: number;
  readonly free: TreeStats;
}

/**
 * How many pages the file has, and in how many of them nothing is. Of an environment with no named tables.
 *
 * @returns `end` and `free` in pages; those included that a reader still looks at
 */
export function freePages(
  db: RootDatabase<Buffer, Buffer>,
): Pick<FileStats, 'pageSize' | 'lastTxnId'> & { end: number; free: number } {
  const stats = db.getStats() as unknown as FileStats;
  const end = stats.lastPageNumber + 1;
  let used = 2;
  for (const tree of [stats, stats.free])
    used += tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages;
  return { end, free: end - used, pageSize: stats.pageSize, lastTxnId: stats.lastTxnId };
}
