import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Environment, openEnvironment } from '../lmdb-environment.ts';
import { refuseFullDisk } from '../lmdb-disk.ts';
import { DamagedFile } from '../lmdb-file.ts';
import { Gate } from '../lmdb-gate.ts';
import { refuseOddFiles } from '../odd-files.ts';
import type { Info } from './lmdb-records.ts';
import { Room } from './lmdb-room.ts';
import { LmdbTables } from './lmdb-tables.ts';

/** The folder of a store of entries, open. */
export interface LmdbFolder {
  readonly path: string;
  readonly environment: Environment;
  readonly room: Room;
  /**
   * Gives what was in a file that was too large for the cap and made room for a new one: the newest first, and no more
   * than fits into the cap. Then that file is removed.
   */
  bringOver(take: (key: Buffer, bytes: Buffer, info: Info) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

const MAX_TABLES = 8;
/** What is not brought over of the cap, so that nothing goes at once. */
const BROUGHT_OVER = 0.95;

let opened = 0;
/** This process's marks: another one's number may have been this one's before. */
const own = new Set<string>();

/**
 * Opens the folder. LMDB's files never get smaller: one that is too large for the cap, as the cap was larger before, is put
 * aside while nobody else has it open, and a new one is begun.
 *
 * @param path made where there is none
 * @throws Error when it can't be used: it is damaged, or its disk is full
 */
export function openFolder(path: string, maxSize: number): LmdbFolder {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const file = join(path, 'data.mdb');
  refuseOddFiles(path);
  // The gate takes some of it before the environment does.
  refuseFullDisk(path, false);
  const marks = join(path, 'open');
  const old = join(path, 'old');
  mkdirSync(marks, { recursive: true, mode: 0o700 });
  const mark = `${process.pid}-${opened++}`;
  const gate = new Gate(join(path, 'gate'));
  let bringsOver = false;
  try {
    gate.whileAlone(() => {
      if (isAlone(marks)) bringsOver = putAside(path, old, new Room(maxSize, 0).hardBytes);
      own.add(mark);
      writeFileSync(join(marks, mark), '');
    });
  } finally {
    gate.close();
  }
  const unmark = () => {
    own.delete(mark);
    rmSync(join(marks, mark), { force: true });
  };
  try {
    const room = new Room(maxSize, sizeOfFile(file));
    const environment = openEnvironment(path, {
      useWritemap: false,
      maxDbs: MAX_TABLES,
      mapSize: room.mapSize,
    });
    return {
      path,
      environment,
      room,
      bringOver: async (take) => {
        if (bringsOver) await bringOver(old, maxSize, take);
      },
      close: async () => {
        await environment.db.close();
        environment.gate.close();
        unmark();
      },
    };
  } catch (error) {
    unmark();
    if (!(error instanceof DamagedFile)) throw error;
    const advice = 'if the folder has only the cache in it, remove the folder';
    throw new Error(`${error.reason}; ${advice}`, { cause: error });
  }
}

/** @returns whether there is an old file to bring over */
function putAside(path: string, old: string, most: number): boolean {
  const file = join(path, 'data.mdb');
  // Whoever began to bring it over has gone.
  rmSync(old, { recursive: true, force: true });
  if (sizeOfFile(file) <= most) return false;
  mkdirSync(old, { mode: 0o700 });
  renameSync(file, join(old, 'data.mdb'));
  rmSync(join(path, 'lock.mdb'), { force: true });
  return true;
}

async function bringOver(
  old: string,
  maxSize: number,
  take: (key: Buffer, bytes: Buffer, info: Info) => Promise<void>,
): Promise<void> {
  try {
    const { mapSize } = new Room(maxSize, sizeOfFile(join(old, 'data.mdb')));
    const { db, gate } = openEnvironment(old, { useWritemap: false, maxDbs: MAX_TABLES, mapSize });
    try {
      const tables = new LmdbTables(db, (action) => db.transactionSync(action));
      let bytes = 0;
      for (const [key, info] of tables.newestFirst()) {
        bytes += info.size;
        if (bytes > maxSize * BROUGHT_OVER) break;
        const entry = readSound(tables, key, maxSize);
        if (entry) await take(key, entry, info);
      }
    } finally {
      await db.close();
      gate.close();
    }
  } catch {
    // An old file that can't be read is no reason not to go on with a new one.
  } finally {
    rmSync(old, { recursive: true, force: true });
  }
}

function readSound(tables: LmdbTables, key: Buffer, most: number): Buffer | undefined {
  try {
    return tables.read(key.toString('hex'), most);
  } catch {
    return undefined;
  }
}

/** Also clears the marks of processes that were killed. */
function isAlone(marks: string): boolean {
  let others = 0;
  for (const mark of readdirSync(marks)) {
    if (own.has(mark) || isAnothers(Number.parseInt(mark, 10))) others += 1;
    else rmSync(join(marks, mark), { force: true });
  }
  return others === 0;
}

function isAnothers(pid: number): boolean {
  if (pid === process.pid || !(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const sizeOfFile = (file: string): number => (existsSync(file) ? statSync(file).size : 0);
