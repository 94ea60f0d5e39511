/** Standard output that waits for its reader, and bears one that has seen enough. */
export class Output {
  private readonly writer = Bun.stdout.writer();
  private held = 0;
  private isClosed = false;

  /** Nobody reads any more, as after `| head`. */
  get isOver(): boolean {
    return this.isClosed;
  }

  /** Holds it until there is enough to be written at once. @returns false once nobody reads: there is no use in going on */
  async write(piece: string | Uint8Array): Promise<boolean> {
    if (this.isClosed) return false;
    return this.bear(async () => {
      await this.writer.write(piece);
      this.held += piece.length;
      if (this.held < 65_536) return;
      this.held = 0;
      await this.writer.flush();
    });
  }

  async line(text: string): Promise<boolean> {
    return this.write(`${text}\n`);
  }

  /** Writes what is held. @returns as `write` */
  async flush(): Promise<boolean> {
    if (this.isClosed) return false;
    this.held = 0;
    return this.bear(async () => {
      await this.writer.flush();
    });
  }

  async end(): Promise<void> {
    await this.bear(async () => {
      await this.writer.end();
    });
  }

  /** A reader that goes is no error. */
  private async bear(act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
      this.isClosed = true;
    }
    return !this.isClosed;
  }
}
