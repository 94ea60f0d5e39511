import { closeSync, openSync, readSync } from 'node:fs';

/** Where a line is. */
export interface Place {
  /** Its file's place among all. */
  readonly file: number;
  readonly number: number;
  readonly offset: number;
  readonly length: number;
}

/** In the order of the log. */
export function byPlace(a: Place, b: Place): number {
  return a.file - b.file || a.offset - b.offset;
}

const BLOCK = 1024 * 1024;

/** Reads lines once more; cheaply where one comes soon after the last. */
export class PlaceReader {
  private opened: { readonly index: number; readonly file: number } | undefined;
  private readonly block = Buffer.allocUnsafe(BLOCK);
  /** What of the file is in the block. */
  private start = 0;
  private end = 0;
  /** Where the last line ended. */
  private last = 0;

  constructor(private readonly paths: readonly string[]) {}

  textAt({ file: index, offset, length }: Place): string {
    const file = this.open(index);
    const end = offset + length;
    const isNear = offset >= this.last && offset - this.last <= BLOCK && length <= BLOCK;
    this.last = end;
    if (offset < this.start || end > this.end) {
      if (!isNear) return alone(file, offset, length);
      this.start = offset;
      this.end = offset + readSync(file, this.block, 0, BLOCK, offset);
    }
    return this.block.toString('utf8', offset - this.start, Math.min(end, this.end) - this.start);
  }

  close(): void {
    if (this.opened) closeSync(this.opened.file);
    this.opened = undefined;
  }

  private open(index: number): number {
    if (this.opened?.index === index) return this.opened.file;
    this.close();
    const file = openSync(this.paths[index]!, 'r');
    this.opened = { index, file };
    this.start = this.end = this.last = 0;
    return file;
  }
}

function alone(file: number, offset: number, length: number): string {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.toString('utf8', 0, readSync(file, bytes, 0, length, offset));
}
