/** Standard output that is written to in turns, and bears a reader that has seen enough. */
export class LogOutput {
  private readonly writer = Bun.stdout.writer();
  private held = '';
  /** Nobody reads any more. */
  isOver = false;

  line(text: string): void {
    this.held += `${text}\n`;
  }

  /** Whether so much is held that it should be written before more is read. */
  get isFull(): boolean {
    return this.held.length > 65_536;
  }

  async flush(): Promise<void> {
    const { held } = this;
    this.held = '';
    if (held === '' || this.isOver) return;
    try {
      await this.writer.write(held);
      await this.writer.flush();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
      this.isOver = true;
    }
  }
}
