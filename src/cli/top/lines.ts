/** Lines on standard output, each there at once. */
export class Lines {
  private readonly writer = Bun.stdout.writer();

  /** @returns false once nobody reads any more, as after `| head` */
  async line(text: string): Promise<boolean> {
    try {
      await this.writer.write(`${text}\n`);
      await this.writer.flush();
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
      return false;
    }
  }
}
