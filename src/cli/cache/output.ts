/** Standard output that waits for its reader, and bears one that has seen enough. */
export class Output {
  private readonly writer = Bun.stdout.writer();
  private held = 0;
  private isOver = false;

  /** @returns false once nobody reads any more: there is no use in going on */
  async write(piece: string | Uint8Array): Promise<boolean> {
    if (this.isOver) return false;
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

  async end(): Promise<void> {
    await this.bear(async () => {
      await this.writer.end();
    });
  }

  /** A reader that goes, as `| head` does, is no error. */
  private async bear(act: () => Promise<void>): Promise<boolean> {
    try {
      await act();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
      this.isOver = true;
    }
    return !this.isOver;
  }
}
