import type { RootDatabase } from '../lmdb-environment.ts';
import type { Chunk, Chunks } from './hits.ts';
import type { Codec } from './lmdb-codec.ts';

/** Short keys, all of one length. That of a chunk is its window's, and its number. */
export const KEY_BYTES = 16;
const NUMBER_BYTES = 6;

type Db = RootDatabase<Buffer, Buffer>;

/** The full chunks of one window after another. What is changed is written when it is said, and else forgotten. */
export class LmdbChunks implements Chunks {
  private readonly key = Buffer.alloc(KEY_BYTES + NUMBER_BYTES);
  readonly windowKey = this.key.subarray(0, KEY_BYTES);
  private readonly changes: [number, Chunk | undefined][] = [];
  private windowMs = 0;

  constructor(
    private readonly db: Db,
    private readonly codec: Codec,
  ) {}

  /** From now on it is the window that has the key which is written into `windowKey`. */
  begin(windowMs: number): void {
    this.windowMs = windowMs;
    this.changes.length = 0;
  }

  get(number: number): Chunk | undefined {
    const bytes = this.db.getBinaryFast(this.keyOf(number));
    return bytes && this.codec.decodeChunk(bytes);
  }

  set(number: number, chunk: Chunk): void {
    this.changes.push([number, chunk]);
  }

  delete(number: number): void {
    this.changes.push([number, undefined]);
  }

  /** There may be many: they are swept. */
  clear(): void {}

  /** @returns how many bytes of chunks it wrote */
  write(): number {
    let written = 0;
    for (const [number, chunk] of this.changes) {
      if (chunk === undefined) this.db.removeSync(this.keyOf(number));
      else {
        const bytes = this.codec.encodeChunk(chunk[chunk.length - 2]! + this.windowMs, chunk);
        this.db.putSync(this.keyOf(number), bytes);
        written += bytes.length;
      }
    }
    return written;
  }

  private keyOf(number: number): Buffer {
    this.key.writeUIntBE(number, KEY_BYTES, NUMBER_BYTES);
    return this.key;
  }
}

/** Whether nobody asks for what has ended: a window, or a chunk that no window has any more. */
export function isUnused(db: Db, codec: Codec, key: Buffer): boolean {
  if (key.length === KEY_BYTES) return true;
  const window = db.getBinaryFast(key.subarray(0, KEY_BYTES));
  return window === undefined || !codec.hasChunk(window, key.readUIntBE(KEY_BYTES, NUMBER_BYTES));
}
