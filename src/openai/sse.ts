const LF = 10;
const CR = 13;
const SPACE = 32;
const COLON = 58;
const BOM: readonly number[] = [0xef, 0xbb, 0xbf];
const DATA: readonly number[] = [0x64, 0x61, 0x74, 0x61];

/** An event longer than this leaves in pieces, so that no upstream can fill the memory. Bytes. */
export const MAX_EVENT = 1024 * 1024;

/**
 * Cuts a stream of bytes into server-sent events, byte-exact: the pieces and {@link EventSplitter.rest} in a row are
 * the input. Lines end with LF, CRLF or CR; where the reads were cut does not change the pieces.
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export class EventSplitter {
  /** The beginning of an event whose end has not come: the first `heldLength` bytes. */
  private held = new Uint8Array(0);
  private heldLength = 0;
  private bomLength = 0;
  /** The event has a line that is not blank. Without one it can't end: blank lines before an event belong to it. */
  private hasContent = false;
  /** It has a line that is not a comment. */
  private hasField = false;
  private lineIsEmpty = true;
  /** The last byte was a CR that ended a line: an LF now belongs to it. */
  private afterCr = false;
  /** The event is over but for an LF: its blank line ended with CR, and the line before that did not end with CR only. */
  private awaitsLf = false;

  /**
   * @param bytes - the next read, of any length. What can't be emitted yet is copied, so it need not be kept.
   * @param emit - is given each event with the blank line that ends it: a view on `bytes` when it came in one read,
   *   else memory of its own. An event over {@link MAX_EVENT} comes in pieces of that length; `isEnd` is false for all but
   *   the last of them.
   */
  feed(bytes: Uint8Array, emit: (event: Uint8Array, isEnd: boolean) => void): void {
    let start = 0;
    let i = 0;
    const lines = new LineEnds(bytes);
    while (i < bytes.length) {
      const limit = Math.min(bytes.length, start + MAX_EVENT - this.heldLength);
      if (!this.lineIsEmpty) i = Math.min(lines.next(i), limit);
      const over = i < limit ? this.isOver(bytes[i]!) : undefined;
      // The byte after a CR that may have been half of a CRLF: the other half, or none of this event's.
      if (over !== 'before') i = Math.min(i + 1, limit);
      const full = i === start + MAX_EVENT - this.heldLength;
      if (over || full) {
        if (i - start + this.heldLength > 0) emit(this.cut(bytes, start, i), over !== undefined);
        start = i;
      }
    }
    this.hold(bytes, start, bytes.length);
  }

  /** What came after the last whole event: call at the end of the stream. */
  rest(): Uint8Array | undefined {
    return this.heldLength > 0 ? this.take() : undefined;
  }

  /**
   * Takes out what came of an event that so far has whole comment lines only. Some servers keep a connection alive with
   * a comment and no blank line behind it: that must not wait for the next event.
   */
  comments(): Uint8Array | undefined {
    if (!this.hasContent || this.hasField || !this.lineIsEmpty || this.awaitsLf) return undefined;
    this.hasContent = false;
    return this.rest();
  }

  /** Steps over one byte that begins or ends a line: does the event end after it, or before it? */
  private isOver(byte: number): 'after' | 'before' | undefined {
    if (this.awaitsLf) {
      this.awaitsLf = false;
      return byte === LF ? 'after' : 'before';
    }
    if (this.bomLength < 3 && this.isBom(byte)) return undefined;
    const { afterCr } = this;
    this.afterCr = byte === CR;
    if (byte !== LF && byte !== CR) {
      this.lineIsEmpty = false;
      this.hasContent = true;
      this.hasField ||= byte !== COLON;
      return undefined;
    }
    if (byte === LF && afterCr) return undefined;
    if (!this.lineIsEmpty || !this.hasContent) {
      this.lineIsEmpty = true;
      return undefined;
    }
    this.hasContent = this.hasField = false;
    if (byte === LF || afterCr) return 'after';
    this.afterCr = false;
    this.awaitsLf = true;
    return undefined;
  }

  private isBom(byte: number): boolean {
    if (byte === BOM[this.bomLength]) {
      this.bomLength++;
      return true;
    }
    // Part of one is a line's beginning like any other.
    if (this.bomLength > 0) {
      this.lineIsEmpty = false;
      this.hasContent = this.hasField = true;
    }
    this.bomLength = 3;
    return false;
  }

  private cut(bytes: Uint8Array, start: number, end: number): Uint8Array {
    if (this.heldLength === 0)
      return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
    this.hold(bytes, start, end);
    return this.take();
  }

  private hold(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    const length = this.heldLength + end - start;
    if (length > this.held.length) {
      // Doubled: a trickle of single bytes costs no more than one read.
      const larger = new Uint8Array(Math.max(256, length, 2 * this.heldLength));
      larger.set(this.held.subarray(0, this.heldLength));
      this.held = larger;
    }
    this.held.set(bytes.subarray(start, end), this.heldLength);
    this.heldLength = length;
  }

  private take(): Uint8Array {
    const taken = this.held.subarray(0, this.heldLength);
    this.held = new Uint8Array(0);
    this.heldLength = 0;
    return taken;
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * The data of one event: its `data:` lines joined by LF. What is not UTF-8 becomes U+FFFD.
 * @param event - as {@link EventSplitter} emits it
 * @returns undefined for an event without data: comments, `retry:`
 */
export function eventData(event: Uint8Array): string | undefined {
  let data: string | undefined;
  let i = BOM.every((byte, at) => event[at] === byte) ? 3 : 0;
  const lines = new LineEnds(event);
  while (i < event.length) {
    const end = lines.next(i);
    const from = dataStart(event, i, end);
    if (from >= 0) {
      const line = decoder.decode(event.subarray(from, end));
      data = data === undefined ? line : `${data}\n${line}`;
    }
    i = end + 1;
  }
  return data;
}

/** Where the value of a `data` line begins; -1 when the line is another. */
function dataStart(event: Uint8Array, start: number, end: number): number {
  const colon = start + DATA.length;
  if (colon > end || DATA.some((byte, at) => event[start + at] !== byte)) return -1;
  if (colon === end) return end;
  if (event[colon] !== COLON) return -1;
  return colon + 1 < end && event[colon + 1] === SPACE ? colon + 2 : colon + 1;
}

/** Where lines end, looked for natively: each CR and each LF once, for most streams have one of them only. */
class LineEnds {
  private cr = -1;
  private lf = -1;

  constructor(private readonly bytes: Uint8Array) {}

  /** The next CR or LF from `from` on, else the end. Ask in rising order. */
  next(from: number): number {
    if (this.cr < from) this.cr = this.find(CR, from);
    if (this.lf < from) this.lf = this.find(LF, from);
    return Math.min(this.cr, this.lf);
  }

  private find(byte: number, from: number): number {
    const at = Buffer.prototype.indexOf.call(this.bytes, byte, from);
    return at < 0 ? this.bytes.length : at;
  }
}
