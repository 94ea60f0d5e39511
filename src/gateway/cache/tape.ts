/** Thousands of streams may be open at once, and each holds a block at least. Bytes. */
const LEAST_BLOCK = 4 * 1024;
const MOST_BLOCK = 64 * 1024;

interface Block {
  readonly start: number;
  readonly bytes: Uint8Array;
  filled: number;
}

/**
 * The bytes of a body, one behind the other in a few blocks: a stream of events comes in so many pieces that memory for
 * each of them would cost more than all else. Positions count from the start of the body.
 */
export class Tape {
  private blocks: Block[] = [];
  private released = 0;
  private came = 0;

  /** Where the next byte comes. */
  get end(): number {
    return this.came;
  }

  /** Bytes that were not let go. */
  get heldBytes(): number {
    return this.came - this.released;
  }

  /** Copies a piece to the end. @returns the copy, a view that never changes */
  append(piece: Uint8Array): Uint8Array {
    const { length } = piece;
    let block = this.blocks.at(-1);
    if (block === undefined || block.bytes.length - block.filled < length) {
      const wanted = Math.min(Math.max(LEAST_BLOCK, this.came), MOST_BLOCK);
      const bytes = Buffer.allocUnsafeSlow(Math.max(wanted, length));
      block = { start: this.came, bytes, filled: 0 };
      this.blocks.push(block);
    }
    const { bytes, filled } = block;
    bytes.set(piece, filled);
    block.filled += length;
    this.came += length;
    return bytes.subarray(filled, filled + length);
  }

  /** What lies together from a position on, which was not let go; a view that never changes. */
  from(position: number): Uint8Array {
    let at = this.blocks.length - 1;
    while (this.blocks[at]!.start > position) at--;
    const { start, bytes, filled } = this.blocks[at]!;
    return bytes.subarray(position - start, filled);
  }

  /** Nobody wants what is before the position. */
  release(position: number): void {
    this.released = position;
    const { blocks } = this;
    let over = 0;
    while (over < blocks.length && blocks[over]!.start + blocks[over]!.filled <= position) over++;
    if (over > 0) this.blocks = blocks.slice(over);
  }

  /** All of it, where nothing was let go. */
  whole(): Uint8Array {
    const views = this.blocks.map(({ bytes, filled }) => bytes.subarray(0, filled));
    return views.length === 1 ? views[0]! : Buffer.concat(views);
  }
}
