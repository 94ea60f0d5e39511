import type { State } from './strategies.ts';

/**
 * How a state lies in LMDB, little-endian. Fixed, and the first three numbers of moving (ends, used, oldest
 * time): doubles. Then for each entry of moving its time since the oldest and its cost, four bytes each; where
 * one does not fit, all entries are doubles, and one byte more makes the length odd to say so.
 */
const HEAD = 24;
const NARROW = 8;
const WIDE = 16;
const FIRST_ENTRY = 2;
const LARGEST_NARROW = 0xffff_ffff;

/** Buffers that are used again and again: a decision allocates none. Not for two states at once. */
export class Codec {
  private bytes: Buffer = Buffer.alloc(4096);
  private view = viewOf(this.bytes);
  private reading = { of: this.bytes, view: this.view };

  /** @returns a part of a buffer that the next call uses again */
  encode(state: State): Buffer {
    this.reserve(HEAD + WIDE * state.length);
    for (let i = 0; i < 3; i++) this.view.setFloat64(i * 8, state[i]!, true);
    if (state.length === 3) return this.bytes.subarray(0, HEAD);
    return this.bytes.subarray(0, isNarrow(state) ? this.encodeNarrow(state) : this.encodeWide(state));
  }

  /** @param bytes what {@link encode} gave, or undefined, which is an empty state */
  decode(bytes: Buffer | undefined, state: State): void {
    state.length = 0;
    if (bytes === undefined) return;
    // lmdb hands out the same buffer each time, so that its view can be kept.
    if (this.reading.of !== bytes) this.reading = { of: bytes, view: viewOf(bytes) };
    const { view } = this.reading;
    const { length } = bytes;
    const at = (offset: number): number => view.getFloat64(offset, true);
    state.push(at(0), at(8));
    if (length === HEAD) state.push(at(16));
    else if (length % 2 === 1) for (let i = 16; i + 8 <= length; i += 8) state.push(at(i));
    else {
      const oldest = at(16);
      for (let i = HEAD; i < length; i += NARROW) {
        state.push(oldest + view.getUint32(i, true), view.getUint32(i + 4, true));
      }
    }
  }

  private encodeNarrow(state: State): number {
    const oldest = state[FIRST_ENTRY]!;
    let offset = HEAD;
    for (let i = FIRST_ENTRY; i < state.length; i += 2, offset += NARROW) {
      this.view.setUint32(offset, state[i]! - oldest, true);
      this.view.setUint32(offset + 4, state[i + 1]!, true);
    }
    return offset;
  }

  private encodeWide(state: State): number {
    for (let i = FIRST_ENTRY; i < state.length; i++) this.view.setFloat64(i * 8, state[i]!, true);
    return state.length * 8 + 1;
  }

  private reserve(size: number): void {
    if (size <= this.bytes.length) return;
    this.bytes = Buffer.alloc(size * 2);
    this.view = viewOf(this.bytes);
  }
}

/** When a window ends, without reading the rest of it. */
export const endsOf = (bytes: Buffer): number => bytes.readDoubleLE(0);

// The length is left out: lmdb changes that of its buffer, which a view does not follow.
const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset);

function isNarrow(state: State): boolean {
  const oldest = state[FIRST_ENTRY]!;
  for (let i = FIRST_ENTRY; i < state.length; i += 2) {
    if (!fitsNarrow(state[i]! - oldest) || !fitsNarrow(state[i + 1]!)) return false;
  }
  return true;
}

const fitsNarrow = (value: number): boolean =>
  value >= 0 && value <= LARGEST_NARROW && Number.isInteger(value);
