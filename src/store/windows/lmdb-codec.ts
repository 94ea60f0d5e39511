import type { Chunk } from './hits.ts';
import type { State } from './strategies.ts';

/**
 * How a window lies in LMDB, little-endian. Three doubles: ends, used, and the start of a fixed window, or the time of the
 * first hit that follows. Then the hits at hand, each as its time since the first and its cost, four bytes each. Where one
 * does not fit, all hits are doubles, and one byte at the very end makes the length odd to say so. A window with full
 * chunks has behind its hits where these are, in 28 bytes: so its length is no multiple of eight.
 *
 * A full chunk is written like a window that has used nothing.
 */
const HEAD = 24;
const NARROW = 8;
const WIDE = 16;
const FULL_CHUNKS = 28;
/** Full chunks of one window: room for 33 million hits. */
const MOST_CHUNKS = 2 ** 20;
/** Of hits in the oldest chunk, numbers. */
const MOST_FROM = 2 ** 16;
/** In a length. */
const IS_WIDE = 1;
const HAS_FULL_CHUNKS = 4;

/** Buffers that are used again and again: a decision allocates none. Not for two states at once. */
export class Codec {
  private bytes: Buffer = Buffer.alloc(4096);
  private view = viewOf(this.bytes);
  private reading = { of: this.bytes, view: this.view };

  /** @returns a part of a buffer that the next call uses again */
  encode(state: State): Buffer {
    const { hits } = state;
    if (hits.latest.length === 0) return this.encodeHead(state.ends, state.used, state.start);
    let end = this.encodeHits(state.ends, state.used, hits.latest);
    if (hits.first === hits.next) return this.bytes.subarray(0, end);
    const isWide = end & IS_WIDE;
    end -= isWide;
    this.view.setFloat64(end, hits.first, true);
    this.view.setFloat64(end + 8, hits.next, true);
    this.view.setFloat64(end + 16, hits.oldest, true);
    this.view.setUint32(end + 24, hits.from, true);
    return this.bytes.subarray(0, end + FULL_CHUNKS + isWide);
  }

  /** @param bytes what {@link encode} gave, or undefined, which is an empty state; so is what is damaged */
  decode(bytes: Buffer | undefined, state: State): void {
    const { hits } = state;
    state.isChanged = false;
    state.used = hits.first = hits.next = hits.from = hits.latest.length = 0;
    if (bytes === undefined) return;
    const view = this.viewFor(bytes);
    state.ends = view.getFloat64(0, true);
    state.used = view.getFloat64(8, true);
    state.start = hits.oldest = view.getFloat64(16, true);
    let end = bytes.length & ~IS_WIDE;
    if (end & HAS_FULL_CHUNKS) {
      end -= FULL_CHUNKS;
      hits.first = view.getFloat64(end, true);
      hits.next = view.getFloat64(end + 8, true);
      hits.oldest = view.getFloat64(end + 16, true);
      hits.from = view.getUint32(end + 24, true);
    }
    decodeHits(view, bytes.length & IS_WIDE, end, hits.latest);
    if (isSound(state)) return;
    state.used = hits.first = hits.next = hits.from = hits.latest.length = 0;
    state.isChanged = true;
  }

  /** @returns a part of a buffer that the next call uses again */
  encodeChunk(ends: number, chunk: Chunk): Buffer {
    return this.bytes.subarray(0, this.encodeHits(ends, 0, chunk));
  }

  decodeChunk(bytes: Buffer): Chunk {
    const chunk: Chunk = [];
    decodeHits(this.viewFor(bytes), bytes.length & IS_WIDE, bytes.length & ~IS_WIDE, chunk);
    return chunk;
  }

  /** Whether the full chunk with this number is one of the window's. */
  hasChunk(window: Buffer, number: number): boolean {
    if (!(window.length & HAS_FULL_CHUNKS)) return false;
    const view = this.viewFor(window);
    const at = (window.length & ~IS_WIDE) - FULL_CHUNKS;
    return number >= view.getFloat64(at, true) && number < view.getFloat64(at + 8, true);
  }

  private encodeHead(ends: number, used: number, third: number): Buffer {
    this.view.setFloat64(0, ends, true);
    this.view.setFloat64(8, used, true);
    this.view.setFloat64(16, third, true);
    return this.bytes.subarray(0, HEAD);
  }

  /** @returns their end, odd when they are wide */
  private encodeHits(ends: number, used: number, chunk: Chunk): number {
    this.reserve(HEAD + WIDE * chunk.length + FULL_CHUNKS);
    const { view } = this;
    const first = chunk[0]!;
    this.encodeHead(ends, used, first);
    let end = HEAD;
    for (let i = 0; i < chunk.length; i += 2, end += NARROW) {
      const since = chunk[i]! - first;
      const cost = chunk[i + 1]!;
      if (!fitsNarrow(since) || !fitsNarrow(cost)) return this.encodeWide(chunk);
      view.setUint32(end, since, true);
      view.setUint32(end + 4, cost, true);
    }
    return end;
  }

  private encodeWide(chunk: Chunk): number {
    for (let i = 0; i < chunk.length; i++) this.view.setFloat64(16 + i * 8, chunk[i]!, true);
    return 16 + chunk.length * 8 + IS_WIDE;
  }

  private reserve(size: number): void {
    if (size <= this.bytes.length) return;
    this.bytes = Buffer.alloc(size * 2);
    this.view = viewOf(this.bytes);
  }

  private viewFor(bytes: Buffer): DataView {
    // lmdb hands out the same buffer each time, so that its view can be kept.
    if (this.reading.of !== bytes) this.reading = { of: bytes, view: viewOf(bytes) };
    return this.reading.view;
  }
}

/** When a window or a chunk ends, without reading the rest of it. */
export const endsOf = (bytes: Buffer): number => bytes.readDoubleLE(0);

// The length is left out: lmdb changes that of its buffer, which a view does not follow.
const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset);

function decodeHits(view: DataView, isWide: number, end: number, chunk: Chunk): void {
  if (isWide > 0) for (let i = 16; i < end; i += 8) chunk.push(view.getFloat64(i, true));
  else if (end > HEAD) {
    const first = view.getFloat64(16, true);
    for (let i = HEAD; i < end; i += NARROW) {
      chunk.push(first + view.getUint32(i, true), view.getUint32(i + 4, true));
    }
  }
}

/** LMDB checks no value: what a damaged disk gives must neither lock a user out for ever nor be walked for ever. */
function isSound({ ends, used, start, hits: { first, next, from } }: State): boolean {
  const hasChunks = first <= next && next - first <= MOST_CHUNKS && first >= 0;
  return used >= 0 && Number.isFinite(used + ends + start) && hasChunks && from <= MOST_FROM;
}

/** Whole, and of 32 bits. */
const fitsNarrow = (value: number): boolean => value >>> 0 === value;
