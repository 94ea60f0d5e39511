import { WireFailure } from './failure.ts';

const CR = 13;
const LF = 10;
/** A chunk-size line with its extensions, or the trailers, may be this long: more is an attack or a bug. */
const MAX_LINE = 16 * 1024;
/** Larger pieces of data are handed on where they lie. Bytes. */
const MOST_MOVED = 2048;

const enum State {
  Size,
  Extension,
  SizeEnd,
  Data,
  DataCr,
  DataLf,
  Trailer,
  Done,
}

/**
 * Takes the chunked coding off a stream of buffers cut anywhere (RFC 9112 §7.1). Chunk extensions and trailers are
 * dropped: aifd's own server frames the body anew.
 */
export class ChunkedDecoder {
  private state = State.Size;
  private size = 0;
  private digits = 0;
  private line = 0;
  private trailerLine = 0;

  get done(): boolean {
    return this.state === State.Done;
  }

  /**
   * Decodes one buffer in place: the data of small chunks is moved together, so that however many came in one read are one piece.
   * To hand on each of them costs more than all else that is done with it.
   * @param buffer - the caller's own: it is written to
   * @param emit - given the body in it, views on it
   * @returns how many bytes of `buffer` belonged to this body
   * @throws {@link WireFailure} `invalid_response` on a malformed coding, after what came before it was emitted
   */
  feed(buffer: Uint8Array, emit: (piece: Uint8Array) => void): number {
    let from = 0;
    let to = 0;
    let i = 0;
    try {
      while (i < buffer.length && this.state !== State.Done) {
        if (this.state !== State.Data) {
          this.step(buffer[i++]!);
          continue;
        }
        const end = Math.min(i + this.size, buffer.length);
        if (from < to && end - i <= MOST_MOVED) {
          buffer.copyWithin(to, i, end);
          to += end - i;
        } else {
          if (from < to) emit(buffer.subarray(from, to));
          from = i;
          to = end;
        }
        this.size -= end - i;
        i = end;
        if (this.size === 0) this.state = State.DataCr;
      }
    } finally {
      if (from < to) emit(from === 0 && to === buffer.length ? buffer : buffer.subarray(from, to));
    }
    return i;
  }

  private step(byte: number): void {
    switch (this.state) {
      case State.Size:
        return this.sizeByte(byte);
      case State.Extension:
        if (++this.line > MAX_LINE) throw malformed();
        if (byte === CR) this.state = State.SizeEnd;
        else if (byte === LF) throw malformed();
        return;
      case State.SizeEnd:
        if (byte !== LF) throw malformed();
        return this.startChunk();
      case State.DataCr:
        if (byte !== CR) throw malformed();
        this.state = State.DataLf;
        return;
      case State.DataLf:
        if (byte !== LF) throw malformed();
        this.state = State.Size;
        return;
      case State.Trailer:
        return this.trailerByte(byte);
    }
  }

  private sizeByte(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      // 13 digits stay exact in a double, and no chunk is that long.
      if (++this.digits > 13) throw malformed();
      this.size = this.size * 16 + digit;
    } else if (this.digits === 0) {
      throw malformed();
    } else if (byte === CR) {
      this.state = State.SizeEnd;
    } else if (byte === 0x3b || byte === 0x20 || byte === 0x09) {
      this.state = State.Extension;
    } else {
      throw malformed();
    }
  }

  private startChunk(): void {
    this.state = this.size === 0 ? State.Trailer : State.Data;
    this.digits = 0;
    this.line = 0;
  }

  /** Trailers end at an empty line; what they say is dropped. */
  private trailerByte(byte: number): void {
    if (++this.line > MAX_LINE) throw malformed();
    if (byte === LF) {
      if (this.trailerLine === 0) this.state = State.Done;
      this.trailerLine = 0;
    } else if (byte !== CR) {
      this.trailerLine++;
    }
  }
}

function malformed(): WireFailure {
  return new WireFailure('invalid_response', 'a malformed chunked body');
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
