import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { Output } from '../output.ts';
import type { TextSink } from './convert.ts';

/** Bytes that are written at once. */
const AT_ONCE = 1024 * 1024;

/** The file that is written: in its place only when it is whole. `-` is standard output. */
export class OutputFile implements TextSink {
  private room = Buffer.allocUnsafe(2 * AT_ONCE);
  private held = 0;
  private readonly making: string;
  private readonly file: number | undefined;
  private readonly output: Output | undefined;

  constructor(private readonly path: string) {
    this.making = `${path}.${process.pid}.part`;
    if (path === '-') this.output = new Output();
    else this.file = openSync(this.making, 'w');
  }

  /** Nobody reads any more. */
  get isOver(): boolean {
    return this.output?.isOver === true;
  }

  write(text: string): void {
    // A unit of UTF-16 takes three bytes at most.
    const most = this.held + 3 * text.length;
    if (most > this.room.length) {
      const larger = Buffer.allocUnsafe(most + AT_ONCE);
      this.room.copy(larger, 0, 0, this.held);
      this.room = larger;
    }
    this.held += this.room.write(text, this.held);
  }

  async flush(): Promise<boolean> {
    return this.held < AT_ONCE || this.push();
  }

  /** It is whole. */
  async finish(): Promise<void> {
    if (this.path === '-') this.write('\n');
    await this.push();
    await this.output?.end();
    if (this.file === undefined) return;
    closeSync(this.file);
    renameSync(this.making, this.path);
  }

  /** It will not be. */
  abandon(): void {
    if (this.file === undefined) return;
    closeSync(this.file);
    rmSync(this.making, { force: true });
  }

  private async push(): Promise<boolean> {
    const bytes = this.room.subarray(0, this.held);
    this.held = 0;
    if (this.output) return (await this.output.write(bytes)) && this.output.flush();
    for (let at = 0; at < bytes.length;) at += writeSync(this.file!, bytes, at);
    return true;
  }
}
