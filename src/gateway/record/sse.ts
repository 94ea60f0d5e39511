const LF = 10;
const CR = 13;
const COLON = 58;
const BOM = [0xef, 0xbb, 0xbf] as const;

/** An event longer than this leaves in pieces, so that no upstream can fill the memory. Bytes. */
export const MAX_EVENT = 1024 * 1024;

/**
 * Cuts a stream of bytes into server-sent events, byte-exact: all pieces and the {@link EventSplitter.rest} in a row
 * are the input. Line ends are LF, CRLF or CR; where the input was cut between two reads does not change the pieces
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 */
export class EventSplitter {
  /** The beginning of an event whose end has not come yet: the first `heldLength` bytes. */
  private held: Uint8Array | undefined;
  private heldLength = 0;
  private bomLength = 0;
  /** The event has a line that is not blank: only such an event can end, blank lines before it belong to it. */
  private hasContent = false;
  /** It has a line that is not a comment. */
  private hasField = false;
  private lineIsEmpty = true;
  /** The last byte was a CR that ended a line: an LF now belongs to it. */
  private afterCr = false;
  /** The event ended with a CR, and its lines end with CRLF or LF: an LF now belongs to it too. */
  private awaitsLf = false;

  /**
   * @param bytes - the next bytes of the stream, of any length; what is not emitted of them is copied
   * @param emit - is given each event with the blank line that ends it: a view on `bytes` where the event came in one
   *   read, memory of its own otherwise. An event over {@link MAX_EVENT} comes in pieces of at most that.
   */
  feed(bytes: Uint8Array, emit: (event: Uint8Array) => void): void {
    let start = 0;
    let i = this.bomLength < 3 ? this.passBom(bytes) : 0;
    while (i < bytes.length) {
      if (this.isEnd(bytes[i]!)) i++;
      else if (!this.awaitsLf) {
        i = this.skipLine(bytes, i + 1, start + MAX_EVENT - this.heldLength);
        if (i - start + this.heldLength < MAX_EVENT) continue;
        emit(this.cut(bytes, start, i));
        start = i;
        continue;
      }
      if (this.awaitsLf) continue;
      emit(this.cut(bytes, start, i));
      start = i;
    }
    if (start < bytes.length) this.hold(bytes.subarray(start));
  }

  rest(): Uint8Array | undefined {
    return undefined;
  }
}
