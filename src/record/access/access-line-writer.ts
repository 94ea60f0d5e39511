import { fstatSync, write } from 'node:fs';

/** What waits for a slow reader: more is dropped, and counted. */
const MOST_WAITING = 2 ** 20;
/** So much a pipe takes in one piece (PIPE_BUF), whoever else writes to it. */
const PIPE_PIECE = 4_096;
const FILE_PIECE = 2 ** 16;
const LINE_BREAK = 0x0a;
/** A pipe that doesn't block says when it is full: it is tried again after so long, milliseconds. */
const FULL_PAUSE = 20;
/** Written lines are let go of when there are so many, or nothing waits. */
const MOST_WRITTEN_HELD = 1_000;
/** Errors after which nobody can ever read again. */
const final: ReadonlySet<string | undefined> = new Set([
  'EPIPE',
  'EBADF',
  'ECONNRESET',
  'EINVAL',
  'ENOTCONN',
]);
/** After a write that failed the next one waits so long, milliseconds. */
const LOST_PAUSE = 1_000;
/** So long a shutdown waits for a slow reader, milliseconds. */
const FAREWELL_MS = 1_000;

/**
 * Writes lines to a file descriptor beside the event loop, all of one turn together. A reader that is slow holds
 * nothing back, and one that is gone is forgotten.
 */
export class LineWriter {
  private waiting: string[] = [];
  /** The first of `waiting` that is not written: to cut off a long list's beginning each time would cost the most. */
  private first = 0;
  private size = 0;
  private dropped = 0;
  /** Of `dropped`, what the piece on its way says. */
  private announced = 0;
  private isBusy = false;
  private isGone = false;
  private readonly piece: number;
  private idle: (() => void) | undefined;

  /** @param tell - the line that says how many were dropped */
  constructor(
    private readonly descriptor: number,
    private readonly tell: (dropped: number) => string,
    private readonly most = MOST_WAITING,
  ) {
    this.piece = pieceOf(descriptor);
  }

  /** @param line - with its line break */
  add(line: string): void {
    if (this.isGone) return;
    if (this.size + line.length > this.most) {
      this.dropped++;
      return;
    }
    this.waiting.push(line);
    this.size += line.length;
    if (this.isBusy) return;
    this.isBusy = true;
    setImmediate(() => this.next());
  }

  /** Waits for what is not written yet, a moment. */
  async close(): Promise<void> {
    if (!this.isBusy) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.idle = resolve;
    const timer = setTimeout(resolve, FAREWELL_MS);
    await promise;
    clearTimeout(timer);
  }

  private next(): void {
    const bytes = this.take();
    if (bytes) return this.write(bytes);
    this.isBusy = false;
    this.idle?.();
  }

  /** Whole lines of one piece; a longer one alone. */
  private take(): Buffer | undefined {
    if (this.isGone) return undefined;
    if (this.dropped > 0 && this.size < this.most / 2) {
      this.announced = this.dropped;
      this.dropped = 0;
      return Buffer.from(this.tell(this.announced));
    }
    const { waiting, first } = this;
    let end = first;
    let text = '';
    for (let size = 0; end < waiting.length; end++) {
      const line = waiting[end]!;
      // At most three bytes a unit of UTF-16; most lines have one.
      const length = line.length * 3 <= this.piece - size ? line.length : Buffer.byteLength(line);
      if (end > first && size + length > this.piece) break;
      size += length;
      text += line;
    }
    if (end === first) return undefined;
    this.first = end;
    if (end === waiting.length) this.empty();
    else if (end > MOST_WRITTEN_HELD) this.forgetWritten();
    this.size -= text.length;
    return Buffer.from(text);
  }

  private write(bytes: Buffer): void {
    write(this.descriptor, bytes, 0, bytes.length, null, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(() => this.write(bytes), FULL_PAUSE);
      else if (final.has(error?.code)) this.forget();
      else if (error) this.lost(bytes);
      else if (written < bytes.length) this.write(bytes.subarray(written));
      else this.written();
    });
  }

  private written(): void {
    this.announced = 0;
    this.next();
  }

  /** As on a full disk: there may be room again. */
  private lost(bytes: Buffer): void {
    for (const byte of bytes) if (byte === LINE_BREAK) this.dropped++;
    // Not a line was lost then, but the news of some.
    if (this.announced > 0) this.dropped += this.announced - 1;
    this.announced = 0;
    setTimeout(() => this.next(), LOST_PAUSE).unref();
  }

  /** Nobody reads any more: that is no reason to stop serving. */
  private forget(): void {
    this.isGone = true;
    this.empty();
    this.next();
  }

  private forgetWritten(): void {
    this.waiting = this.waiting.slice(this.first);
    this.first = 0;
  }

  private empty(): void {
    this.waiting = [];
    this.first = 0;
  }
}

function pieceOf(descriptor: number): number {
  try {
    return fstatSync(descriptor).isFile() ? FILE_PIECE : PIPE_PIECE;
  } catch {
    return PIPE_PIECE;
  }
}
