import { Appender, ShortWrite } from './appender.ts';
import type { Room } from './rotation.ts';

/** How long lines wait for others to be written with. */
const BATCH_MS = 20;
/** As much as this is not let wait. UTF-16 units, as all lengths of lines here. */
const BATCH_LENGTH = 393_216;
/** What one `write` is given; more only when it came in one piece. */
const WRITE_BYTES = 524_288;
/** After a failure, the time until the next try: twice as long each time. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

const LINE_FEED = 0x0a;
const encoder = new TextEncoder();

/** What all files of a process have in common. */
export interface Shared extends Room {
  /** Lengths that wait, of all files. */
  waiting: number;
  readonly maxWaiting: number;
  readonly say: (message: string) => void;
}

/** One file and the lines that wait for it. */
export class LogFile {
  private readonly appender: Appender;
  private entries: string[] = [];
  /** What a failed write left, before all entries. */
  private left: Uint8Array | undefined;
  private room: Uint8Array | undefined;
  private leftLength = 0;
  private waiting = 0;
  private timer: Timer | undefined;
  private draining: Promise<void> | undefined;
  private retryMs = 0;
  private dropped = 0;
  private isDropping = false;
  private isClosing = false;
  private lastWrite = 0;

  constructor(
    path: string,
    private readonly shared: Shared,
  ) {
    this.appender = new Appender(path, shared, (what) => this.say(what));
  }

  add(lines: string): void {
    const { length } = lines;
    if (length === 0) return;
    if (this.hasNoRoom(length)) return this.drop(lines);
    this.entries.push(lines);
    this.waiting += length;
    this.shared.waiting += length;
    if (this.draining !== undefined || this.retryMs > 0) return;
    if (this.waiting >= BATCH_LENGTH) this.start();
    else this.timer ??= setTimeout(() => this.start(), BATCH_MS);
  }

  /** Lets go of a file that nothing was written to for so long: another process may have deleted it. */
  async rest(idleMs: number): Promise<void> {
    const isIdle = this.waiting === 0 && this.draining === undefined && Date.now() - this.lastWrite > idleMs;
    if (!isIdle) return;
    this.room = undefined;
    await this.appender.close();
  }

  /** Writes what waits; what can't be written is said and let go. */
  async close(): Promise<void> {
    this.isClosing = true;
    await this.draining;
    await this.start();
    if (this.waiting > 0) this.say(`is left without ${this.countWaiting()}`);
    else if (this.isDropping) this.sayDropped();
    await this.appender.close();
  }

  /** What was not written by the end, for the message that says so. */
  countWaiting(): string {
    const lines = this.entries.reduce((sum, entry) => sum + countLines(entry), countBytes(this.left));
    return `${lines} lines that could not be written`;
  }

  private hasNoRoom(length: number): boolean {
    const { waiting, maxWaiting } = this.shared;
    // One file whose disk is slow leaves room for the others.
    const least = this.isDropping ? maxWaiting / 4 : maxWaiting / 2;
    return waiting + length > maxWaiting || this.waiting + length > least;
  }

  private drop(lines: string): void {
    this.dropped += countLines(lines);
    if (this.isDropping) return;
    this.isDropping = true;
    this.say('is not written fast enough: lines are dropped');
  }

  private start(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    return (this.draining ??= this.drain().finally(() => {
      this.draining = undefined;
      // What came between its last look and now.
      if (this.entries.length > 0 && this.retryMs === 0)
        this.timer ??= setTimeout(() => this.start(), BATCH_MS);
    }));
  }

  /** Ends when nothing waits, or at the first failure. Never throws. */
  private async drain(): Promise<void> {
    for (let batch = this.take(); batch !== undefined; batch = this.take()) {
      try {
        await this.appender.append(batch);
        this.written();
      } catch (error) {
        return this.failed(batch, error as NodeJS.ErrnoException);
      }
    }
  }

  /** What is written next: it stays in `left` until it is. */
  private take(): Uint8Array | undefined {
    if (this.left !== undefined) return this.left;
    if (this.entries.length === 0) return undefined;
    const { bytes, count, length } = this.encoded();
    if (count === this.entries.length) this.entries = [];
    else this.entries.splice(0, count);
    this.leftLength = length;
    return (this.left = bytes);
  }

  /** As many entries as go into the room, which is used again and again: fresh memory costs more than the encoding. */
  private encoded(): { bytes: Uint8Array; count: number; length: number } {
    const room = (this.room ??= new Uint8Array(WRITE_BYTES));
    const most = this.shared.maxSize > 0 ? Math.min(WRITE_BYTES, this.shared.maxSize) : WRITE_BYTES;
    let at = 0;
    let length = 0;
    let count = 0;
    for (const entry of this.entries) {
      const { read, written } = encoder.encodeInto(entry, room.subarray(at, most));
      if (read < entry.length) break;
      at += written;
      length += read;
      count++;
    }
    if (count > 0) return { bytes: room.subarray(0, at), count, length };
    const first = this.entries[0]!;
    return { bytes: encoder.encode(first), count: 1, length: first.length };
  }

  private written(): void {
    this.waiting -= this.leftLength;
    this.shared.waiting -= this.leftLength;
    this.left = undefined;
    this.lastWrite = Date.now();
    if (this.retryMs > 0) {
      this.retryMs = 0;
      if (!this.isDropping) this.say('is written again; nothing was lost');
    }
    if (this.isDropping && this.waiting < this.shared.maxWaiting / 4) this.sayDropped();
  }

  private sayDropped(): void {
    this.say(`is written again; ${this.dropped} lines were dropped`);
    this.isDropping = false;
    this.dropped = 0;
  }

  private failed(batch: Uint8Array, error: NodeJS.ErrnoException): void {
    if (error instanceof ShortWrite) this.left = fromLineOf(batch, error.written);
    if (this.retryMs === 0) this.say(`can't be written: ${reasonOf(error)}; lines wait in memory`);
    this.retryMs = Math.min(LONGEST_RETRY_MS, this.retryMs === 0 ? FIRST_RETRY_MS : this.retryMs * 2);
    // No reason for the process to go on.
    if (!this.isClosing) this.timer = setTimeout(() => this.start(), this.retryMs).unref();
  }

  private say(what: string): void {
    this.shared.say(`the log ${this.appender.path} ${what}`);
  }
}

/** From the beginning of the line that was cut: its rest alone would be no line. */
function fromLineOf(batch: Uint8Array, written: number): Uint8Array {
  return batch.subarray(written === 0 ? 0 : batch.lastIndexOf(LINE_FEED, written - 1) + 1);
}

function countLines(lines: string): number {
  let count = 0;
  for (let at = lines.indexOf('\n'); at >= 0; at = lines.indexOf('\n', at + 1)) count++;
  return count;
}

function countBytes(lines: Uint8Array | undefined): number {
  return lines?.reduce((count, byte) => count + (byte === LINE_FEED ? 1 : 0), 0) ?? 0;
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the quota of the disk is used up',
  EACCES: 'that is not permitted',
  EPERM: 'that is not permitted',
  EROFS: 'the disk is read-only',
  EISDIR: 'it is a folder',
  ENOTDIR: 'what should be its folder is a file',
  EMFILE: 'too many files are open',
  EIO: 'the disk fails',
};

function reasonOf({ code = '', message }: NodeJS.ErrnoException): string {
  return reasons[code] === undefined ? message : `${reasons[code]} (${code})`;
}
