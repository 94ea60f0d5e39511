const WIDTH = 30;
const EVERY_MS = 100;

/** A bar on standard error that says how far it is; nothing where that is no terminal. */
export class Progress {
  private done = 0;
  private shownAt = 0;
  private isShown = false;

  constructor(
    private readonly total: number,
    private readonly isTerminal: boolean = process.stderr.isTTY,
  ) {}

  add(bytes: number): void {
    this.done += bytes;
    if (!this.isTerminal) return;
    const now = performance.now();
    if (now - this.shownAt < EVERY_MS) return;
    this.shownAt = now;
    this.isShown = true;
    process.stderr.write(`\r${this.bar()}`);
  }

  /** Takes it away, so that something can be written in its place. */
  clear(): void {
    if (this.isShown) process.stderr.write('\r\x1b[K');
    this.isShown = false;
  }

  private bar(): string {
    const part = Math.min(1, this.total === 0 ? 1 : this.done / this.total);
    const full = Math.round(part * WIDTH);
    const size = `${megabytes(this.done)} of ${megabytes(this.total)} MB`;
    return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${String(Math.floor(part * 100)).padStart(3)} %  ${size}`;
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
