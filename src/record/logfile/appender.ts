import type { Stats } from 'node:fs';
import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expire, isFull, rotate, type Room } from './rotation.ts';

const LINE_FEED = 0x0a;

/** Prompts are nobody's business but the owner's and the group's. */
const FILE_MODE = 0o640;
const FOLDER_MODE = 0o750;

/** How often a line that has no end is looked at again: another process may be in the middle of writing it. */
const LOOKS = 3;

/** How often a full file is looked at while another process puts it away, a millisecond apart; then it takes a bit more. */
const TURNS = 50;

/** Only a part was written: the disk is full. */
export class ShortWrite extends Error {
  override readonly name = 'ShortWrite';
  readonly code = 'ENOSPC';
  constructor(readonly written: number) {
    super('only a part was written');
  }
}

/**
 * Appends to one file, wherever its name leads: it opens the file anew when another process put it away, or somebody deleted
 * it or its folder. One append is one `write` on a file opened with O_APPEND, which Linux does in one piece, whoever else
 * appends. Not for two appends at once.
 */
export class Appender {
  private handle: FileHandle | undefined;
  private inode: number | undefined;
  private isKept = true;

  /** @param say - told when old lines can't be put away or deleted, once until that works again; writing goes on */
  constructor(
    readonly path: string,
    private readonly room: Room,
    private readonly say: (what: string) => void,
  ) {}

  /** @throws ShortWrite when not all of it went in, or the system's error when nothing did */
  async append(bytes: Uint8Array): Promise<void> {
    try {
      const handle = await this.current(bytes.length);
      const { bytesWritten } = await handle.write(bytes);
      if (bytesWritten < bytes.length) throw new ShortWrite(bytesWritten);
    } catch (error) {
      // The next one looks at how the file ends.
      await this.close();
      throw error;
    }
  }

  /** Lets go of the file; the next append opens it again. */
  async close(): Promise<void> {
    const { handle } = this;
    this.handle = undefined;
    await handle?.close().catch(() => {});
  }

  private async current(bytes: number): Promise<FileHandle> {
    let found = await look(this.path);
    for (let turn = 0; turn < TURNS && found !== undefined && isFull(found, bytes, this.room); turn++) {
      const isTurn = await this.keeping(() => rotate(this.path, bytes, this.room));
      if (isTurn === undefined) break;
      // Another process is at it.
      if (!isTurn) await Bun.sleep(1);
      found = await look(this.path);
    }
    if (this.handle !== undefined && found?.ino === this.inode) return this.handle;
    return this.reopened();
  }

  private async reopened(): Promise<FileHandle> {
    await this.close();
    const handle = await openFolders(this.path);
    try {
      this.inode = (await handle.stat()).ino;
      if (await endsTorn(handle)) await handle.write(Uint8Array.of(LINE_FEED));
      await this.keeping(() => expire(this.path, this.room.keep));
    } catch (error) {
      await handle.close();
      throw error;
    }
    return (this.handle = handle);
  }

  /** A folder that can't be changed is no reason to lose lines. @returns undefined for one */
  private async keeping<Result>(act: () => Promise<Result>): Promise<Result | undefined> {
    try {
      const result = await act();
      this.isKept = true;
      return result;
    } catch (error) {
      if (this.isKept && !isMissing(error)) this.say(`grows beyond its limits: ${(error as Error).message}`);
      this.isKept = isMissing(error);
      return undefined;
    }
  }
}

async function look(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function openFolders(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a+', FILE_MODE);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
    return open(path, 'a+', FILE_MODE);
  }
}

/** Whether the last line has no end: a process was killed while it wrote, or the disk was full. */
async function endsTorn(handle: FileHandle): Promise<boolean> {
  let before = -1;
  const last = new Uint8Array(1);
  for (let looked = 0; looked < LOOKS; looked++) {
    const { size } = await handle.stat();
    if (size === 0) return false;
    await handle.read(last, 0, 1, size - 1);
    if (last[0] === LINE_FEED) return false;
    if (size !== before) looked = 0;
    before = size;
    await Bun.sleep(2);
  }
  return true;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
