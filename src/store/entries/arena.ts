/** Most batches of puts fit. Bytes. */
const BLOCK = 512 * 1024;

/**
 * Memory for what is soon written and forgotten, used again and again: a buffer of its own for each costs more to make and
 * to collect than to fill. What does not fit any more gets memory of its own.
 */
export class Arena {
  private readonly block = Buffer.allocUnsafeSlow(BLOCK);
  private used = 0;
  private taken = 0;

  /** @returns memory until it is given back, of whatever content */
  readonly take = (size: number): Buffer => {
    if (this.used + size > BLOCK) return Buffer.allocUnsafe(size);
    const start = this.used;
    this.used += size;
    this.taken += 1;
    return this.block.subarray(start, this.used);
  };

  /** Once for what was taken. When all is back it begins again. */
  giveBack(bytes: Buffer): void {
    if (bytes.buffer !== this.block.buffer) return;
    this.taken -= 1;
    if (this.taken === 0) this.used = 0;
  }
}
