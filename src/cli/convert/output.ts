import { renameSync, rmSync } from 'node:fs';
import type { TextSink } from './convert.ts';

/** Characters that are written at once. */
const AT_ONCE = 1024 * 1024;

/** The file that is written: in its place only when it is whole. `-` is standard output. */
export class OutputFile implements TextSink {
  private held = '';
  private readonly writer: Bun.FileSink;
  private readonly making: string;

  constructor(private readonly path: string) {
    this.making = `${path}.${process.pid}.part`;
    this.writer = path === '-' ? Bun.stdout.writer() : Bun.file(this.making).writer();
  }

  write(text: string): void {
    this.held += text;
  }

  async flush(): Promise<void> {
    if (this.held.length < AT_ONCE) return;
    await this.push();
  }

  /** It is whole. */
  async finish(): Promise<void> {
    if (this.path === '-') this.held += '\n';
    await this.push();
    await this.writer.end();
    if (this.path !== '-') renameSync(this.making, this.path);
  }

  /** It will not be. */
  async abandon(): Promise<void> {
    await Promise.resolve(this.writer.end()).catch(() => {});
    if (this.path !== '-') rmSync(this.making, { force: true });
  }

  private async push(): Promise<void> {
    const text = this.held;
    this.held = '';
    this.writer.write(text);
    await this.writer.flush();
  }
}
