import { join } from 'node:path';
import { LogFile, type Shared } from './log-file.ts';
import type { Keep } from './rotation.ts';

/** What of all files together may wait to be written, in UTF-16 units. */
const MOST_WAITING = 64 * 1024 * 1024;

/** Files that nothing is written to are let go after so long: they may be deleted, and take room until then. */
const IDLE_MS = 30_000;

/** How long the end of the process may be held up by a disk that does not answer. */
const CLOSE_MS = 5_000;

export interface LogFilesOptions {
  /** Made when something is written; and made again when it is gone. */
  readonly folder: string;
  /** Bytes of a file, before it is put away (`LOG_MAX_SIZE`); 0 for no limit. */
  readonly maxSize: number;
  /** What is kept of files put away (`LOG_KEEP`); undefined for all. */
  readonly keep: Keep | undefined;
  /** Told what goes wrong, once, and when it goes well again. */
  readonly say: (message: string) => void;
  /** UTF-16 units that may wait, all files together. Default: 64 Mi. */
  readonly maxWaiting?: number;
}

/**
 * Appends lines to files, in the order given, behind the requests: nothing here waits for a disk. Several processes may write to
 * the same files. While a disk is slow, full or gone, lines wait; when too many do, the newest are dropped and counted.
 */
export class LogFiles {
  private readonly files = new Map<string, LogFile>();
  private readonly shared: Shared;
  private readonly idle: Timer;
  private isClosed = false;

  constructor(private readonly options: LogFilesOptions) {
    const { maxSize, keep, say, maxWaiting = MOST_WAITING } = options;
    this.shared = { maxSize, keep, say, maxWaiting, waiting: 0 };
    this.idle = setInterval(() => this.rest(), IDLE_MS).unref();
  }

  /**
   * Never throws, never waits.
   *
   * @param name - of the file under the folder: `openai/chat/chat.log`
   * @param lines - whole, each with its line feed; they stay together
   */
  write(name: string, lines: string): void {
    if (this.isClosed) return;
    let file = this.files.get(name);
    if (file === undefined) {
      file = new LogFile(join(this.options.folder, name), this.shared);
      this.files.set(name, file);
    }
    file.add(lines.endsWith('\n') || lines === '' ? lines : `${lines}\n`);
  }

  /** Writes what waits. Gives up on a disk that does not answer, and says what was lost. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.idle);
    const late = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => late.resolve('late'), CLOSE_MS);
    const open = new Map(this.files);
    const closed = [...open].map(async ([name, file]) => {
      await file.close();
      open.delete(name);
    });
    const end = await Promise.race([Promise.all(closed), late.promise]);
    clearTimeout(timer);
    if (end !== 'late') return;
    for (const [name, file] of open)
      this.options.say(`the log ${name} is left without ${file.countWaiting()}`);
  }

  private rest(): void {
    for (const file of this.files.values()) void file.rest(IDLE_MS);
  }
}
