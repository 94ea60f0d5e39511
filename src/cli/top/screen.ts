import { once } from 'node:events';

/** The terminal while something is shown live: its other screen, no cursor, keys as they are pressed. */
export class Screen {
  /** Resolves when q or Ctrl-C is pressed, or a signal asks to end. */
  readonly left: Promise<void>;
  private readonly leave: () => void;
  private wasLeft = false;
  private readonly onKey = (keys: Buffer): void => {
    // 3: Ctrl-C, which is no signal in raw mode; 4: Ctrl-D.
    if (keys.some((key) => key === 3 || key === 4 || key === 0x71 || key === 0x51)) this.leave();
  };

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.left = promise;
    this.leave = () => {
      this.wasLeft = true;
      resolve();
    };
  }

  open(): void {
    const { stdin, stdout } = process;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, this.leave);
    if (stdin.isTTY) {
      stdin.setRawMode(true);
      stdin.on('data', this.onKey);
      stdin.resume();
    }
    stdout.write('\u001b[?1049h\u001b[?25l');
  }

  /** Resolves at the next change of its size. */
  async resized(signal: AbortSignal): Promise<void> {
    await once(process.stdout, 'resize', { signal }).catch(() => {});
  }

  get isLeft(): boolean {
    return this.wasLeft;
  }

  get size(): { readonly height: number; readonly width: number } {
    return { height: process.stdout.rows || 24, width: process.stdout.columns || 80 };
  }

  /** Each line over what was there, and nothing below the last: it does not flicker. */
  show(lines: readonly string[]): void {
    process.stdout.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\r\n')}\u001b[J`);
  }

  close(): void {
    const { stdin, stdout } = process;
    stdout.write('\u001b[?25h\u001b[?1049l');
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, this.leave);
    if (!stdin.isTTY) return;
    stdin.off('data', this.onKey);
    stdin.setRawMode(false);
    stdin.pause();
  }
}
