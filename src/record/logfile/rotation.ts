import { open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { rotatedAt, rotatedName } from './names.ts';

/** How much of a log is kept beside the file that is written to: so many files, or so many days. */
export type Keep = { readonly files: number } | { readonly days: number };

/** What a log may take. */
export interface Room {
  /** Bytes of one file; 0 for no limit. */
  readonly maxSize: number;
  /** Undefined: everything is kept. */
  readonly keep: Keep | undefined;
}

const DAY = 86_400_000;

/** Who holds the lock does so for a moment; one this old was left by a process that died. */
const STALE_MS = 10_000;

/** A file that is dated further ahead than this was put away by a clock that was wrong. */
const CLOCK_MS = 3_600_000;

/** What is known of a file. */
export interface FileState {
  readonly size: number;
  readonly mtimeMs: number;
}

/** Whether `bytes` more belong in a new file: there is no room, or days are kept and this file is of another one. */
export function isFull({ size, mtimeMs }: FileState, bytes: number, { maxSize, keep }: Room): boolean {
  if (size === 0) return false;
  if (maxSize > 0 && size + bytes > maxSize) return true;
  return keep !== undefined && 'days' in keep && Math.floor(mtimeMs / DAY) !== Math.floor(Date.now() / DAY);
}

/**
 * Puts a full file away under a name with the time. Of several processes that want to, one does: the others find the lock, or
 * under it that there is no need any more. Who has the file open still writes to it under its new name; nothing is lost.
 *
 * @returns false when another process has the lock
 */
export async function rotate(path: string, bytes: number, room: Room): Promise<boolean> {
  return underLock(path, async () => {
    const state = await stat(path);
    if (!isFull(state, bytes, room)) return;
    await dateBack(path);
    await rename(path, join(dirname(path), await freeName(path)));
    await expire(path, room.keep);
  });
}

/** Deletes what is not kept any more. Files that are not named as ours are left alone. */
export async function expire(path: string, keep: Keep | undefined): Promise<void> {
  if (keep === undefined) return;
  const old = await rotatedFiles(path);
  const first = (Date.now() - ('days' in keep ? keep.days * DAY : 0)) * 1000;
  const over =
    'days' in keep ? old.filter(({ at }) => at < first) : old.slice(0, Math.max(0, old.length - keep.files));
  for (const { name } of over) await unlink(join(dirname(path), name)).catch(bearMissing);
}

/**
 * Files that were put away while the clock ran ahead get the time of now: else all that follow would be dated behind them, and
 * none be deleted until then.
 */
async function dateBack(path: string): Promise<void> {
  const files = await rotatedFiles(path);
  const limit = (Date.now() + CLOCK_MS) * 1000;
  let at = Math.max(Date.now() * 1000, files.findLast((file) => file.at <= limit)?.at ?? 0);
  for (const file of files.filter((each) => each.at > limit))
    await rename(join(dirname(path), file.name), join(dirname(path), rotatedName(basename(path), ++at)));
}

/** Later than all there are, though the clock may have gone back a little. */
async function freeName(path: string): Promise<string> {
  const last = (await rotatedFiles(path)).at(-1)?.at ?? 0;
  return rotatedName(basename(path), Math.max(Date.now() * 1000, last + 1));
}

/** Oldest first. */
async function rotatedFiles(path: string): Promise<{ name: string; at: number }[]> {
  const found: { name: string; at: number }[] = [];
  for (const name of await readdir(dirname(path))) {
    const at = rotatedAt(basename(path), name);
    if (at !== undefined) found.push({ name, at });
  }
  return found.toSorted((a, b) => a.at - b.at);
}

async function underLock(path: string, act: () => Promise<void>): Promise<boolean> {
  const lock = join(dirname(path), `.${basename(path)}.lock`);
  try {
    await (await open(lock, 'wx', 0o640)).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await removeStale(lock);
    return false;
  }
  try {
    await act();
    return true;
  } finally {
    await unlink(lock).catch(bearMissing);
  }
}

async function removeStale(lock: string): Promise<void> {
  try {
    const { mtimeMs } = await stat(lock);
    if (Math.abs(Date.now() - mtimeMs) > STALE_MS) await unlink(lock);
  } catch (error) {
    bearMissing(error);
  }
}

function bearMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
