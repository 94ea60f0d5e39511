import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoggedExchange } from './exchange.ts';
import { filesOf, type Log } from './folder.ts';
import { Pairing } from './pairing.ts';
import { linesForward, openIfThere } from './read.ts';
import { memberOf } from '../../record/chatlog/literal-value.ts';

interface Opened {
  readonly file: FileHandle;
  readonly inode: number;
  /** Where the next line begins. */
  position: number;
}

/** Rounds in which a file that was put away is still looked at: who had it open may write its last lines. */
const LATE_ROUNDS = 4;

/** Reads what is added to one log, through rotation, as `tail -F` does. */
export class Follower {
  private current: Opened | undefined;
  private late: { opened: Opened; rounds: number }[] = [];
  private readonly pairing: Pairing;
  private unanswered = new Set<string>();

  constructor(readonly log: Log) {
    this.pairing = new Pairing(log);
  }

  get broken(): number {
    return this.pairing.broken;
  }

  /** Begins behind all whole lines there are. */
  async toEnd(): Promise<void> {
    this.current = await this.open();
    if (this.current === undefined) return;
    const { file } = this.current;
    this.current.position = await endOfLines(file, (await file.stat()).size);
  }

  /** What has come since the last time. */
  async next(): Promise<LoggedExchange[]> {
    const found: LoggedExchange[] = [];
    for (const { opened } of this.late) await this.read(opened, found);
    if (this.current !== undefined) await this.read(this.current, found);
    await this.advance(found);
    await this.letGo();
    found.push(...this.withoutAnswer());
    return found;
  }

  async close(): Promise<void> {
    for (const { opened } of this.late) await opened.file.close();
    await this.current?.file.close();
  }

  /** To the file of the name, over all that were put away since. */
  private async advance(found: LoggedExchange[]): Promise<void> {
    const path = join(this.log.folder, this.log.name);
    const there = await openIfThere(path);
    if (there === undefined) return;
    const { ino, size } = await there.stat();
    if (this.current?.inode === ino) {
      await there.close();
      // Somebody emptied it.
      if (size < this.current.position) this.current.position = 0;
      return;
    }
    const before = this.current;
    if (before !== undefined) {
      this.late.push({ opened: before, rounds: LATE_ROUNDS });
      await this.between(before.inode, ino, found);
    }
    this.current = { file: there, inode: ino, position: 0 };
    await this.read(this.current, found);
  }

  /** Files that came and were put away since the last look. */
  private async between(from: number, to: number, found: LoggedExchange[]): Promise<void> {
    const files: Opened[] = [];
    for (const path of (await filesOf(this.log)).toReversed()) {
      const file = await openIfThere(path);
      if (file === undefined) continue;
      const { ino } = await file.stat();
      const isKnown = ino === from || ino === to || this.late.some(({ opened }) => opened.inode === ino);
      if (isKnown) await file.close();
      else files.push({ file, inode: ino, position: 0 });
      if (ino === from) break;
      // Ours was deleted: how far back to go can't be known.
      if (files.length > 1000) break;
    }
    const isReached = (await this.inodes()).has(from);
    for (const opened of files.toReversed()) {
      if (isReached) {
        await this.read(opened, found);
        this.late.push({ opened, rounds: LATE_ROUNDS });
      } else await opened.file.close();
    }
  }

  private async inodes(): Promise<Set<number>> {
    const inodes = new Set<number>();
    for (const path of await filesOf(this.log)) {
      const file = await openIfThere(path);
      if (file === undefined) continue;
      inodes.add((await file.stat()).ino);
      await file.close();
    }
    return inodes;
  }

  private async read(opened: Opened, found: LoggedExchange[]): Promise<void> {
    const lines = linesForward(opened.file, opened.position, false);
    for (let step = await lines.next(); ; step = await lines.next()) {
      if (step.done === true) {
        opened.position = step.value;
        return;
      }
      for (const text of step.value) found.push(...this.pairing.add(text));
    }
  }

  /** Ours are written with their answer: one that has none by the next round was not given any. */
  private withoutAnswer(): LoggedExchange[] {
    const done = this.pairing.rest(({ uid }) => this.unanswered.has(uid));
    this.unanswered = new Set();
    this.pairing.each(({ uid, isRequest, fields }) => {
      if (isRequest && memberOf(fields, 'end') !== undefined) this.unanswered.add(uid);
    });
    return done;
  }

  private async letGo(): Promise<void> {
    const over = this.late.filter((late) => --late.rounds < 0);
    this.late = this.late.filter(({ rounds }) => rounds >= 0);
    for (const { opened } of over) await opened.file.close();
  }

  private async open(): Promise<Opened | undefined> {
    const file = await openIfThere(join(this.log.folder, this.log.name));
    return file && { file, inode: (await file.stat()).ino, position: 0 };
  }
}

/** Where the last whole line of the first `size` bytes ends. */
async function endOfLines(file: FileHandle, size: number): Promise<number> {
  const room = Buffer.allocUnsafe(65_536);
  for (let end = size; end > 0;) {
    const length = Math.min(room.length, end);
    const { bytesRead } = await file.read(room, 0, length, end - length);
    const last = room.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (last >= 0) return end - length + last + 1;
    end -= length;
  }
  return 0;
}
