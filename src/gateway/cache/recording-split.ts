/** One entry of a recording, as written. */
export interface Part {
  readonly bytes: Uint8Array;
  /** The line it begins in, from 1. */
  readonly line: number;
}

const [LF, QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [10, 34, 92, 123, 125, 91, 93];
const BOM = [0xef, 0xbb, 0xbf];

/** A head longer than this, without the marks of entries, is none. Bytes. */
const LONGEST_HEAD = 4096;

/**
 * Cuts a recording into its entries as it is read. It knows brackets and strings and no more: what it cuts out may yet be
 * no JSON, and so may {@link RecordingSplitter.head}.
 */
export class RecordingSplitter {
  /** All that is outside of entries, white space left out, and 0 in the place of each entry. */
  private outside: number[] = [];
  private depth = 0;
  /** Of the brackets around entries the second is that of a list. */
  private isInList = false;
  private isString = false;
  private isEscaped = false;
  private line = 1;
  private seen = 0;
  /** What came of the entry that is being read. */
  private held: Uint8Array[] = [];
  private startLine: number | undefined;
  private cuts = 0;

  /** @param chunk the next read, of any length; kept until the entry it ends in is whole */
  *feed(chunk: Uint8Array): Generator<Part, void> {
    let start = 0;
    for (let i = this.seen < BOM.length ? this.skipMark(chunk) : 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (byte === LF) this.line++;
      const isWithin = this.startLine !== undefined;
      if (this.isString) {
        if (this.isEscaped) this.isEscaped = false;
        else if (byte === BACKSLASH) this.isEscaped = true;
        else if (byte === QUOTE) this.isString = false;
      } else if (byte === QUOTE) this.isString = true;
      else if (byte === OPEN || byte === OPEN_LIST) {
        if (this.depth === 1) this.isInList = byte === OPEN_LIST;
        if (this.depth === 2 && this.isInList && byte === OPEN) {
          this.startLine = this.line;
          start = i;
        }
        this.depth++;
      } else if (byte === CLOSE || byte === CLOSE_LIST) {
        this.depth--;
        if (isWithin && this.depth === 2) {
          yield this.cut(chunk.subarray(start, i + 1));
          continue;
        }
      }
      if (this.startLine === undefined) this.note(byte);
    }
    if (this.startLine !== undefined) this.held.push(chunk.subarray(start));
  }

  /** It can't be a recording: there is no use in reading on. */
  get isStrange(): boolean {
    return this.depth < 0 || this.outside.length - 2 * this.cuts > LONGEST_HEAD;
  }

  /** The line in which an entry begins that has not ended. */
  get unfinished(): number | undefined {
    return this.startLine;
  }

  /** The recording without its entries, which are 0 each: at the end, JSON. */
  get head(): string {
    return Buffer.from(this.outside).toString();
  }

  /** What the head says so far; undefined where it can't be told. */
  get headSoFar(): unknown {
    try {
      return JSON.parse(`${this.head}]}`);
    } catch {
      return undefined;
    }
  }

  /** Some editors put a byte order mark before all. */
  private skipMark(chunk: Uint8Array): number {
    let i = 0;
    while (i < chunk.length && this.seen < BOM.length && chunk[i] === BOM[this.seen]) {
      this.seen++;
      i++;
    }
    if (i < chunk.length) this.seen = BOM.length;
    return i;
  }

  private cut(last: Uint8Array): Part {
    const bytes = this.held.length === 0 ? last : Buffer.concat([...this.held, last]);
    const line = this.startLine!;
    this.held = [];
    this.startLine = undefined;
    this.cuts++;
    this.outside.push(48);
    return { bytes, line };
  }

  private note(byte: number): void {
    const isSpace = byte === 32 || byte === LF || byte === 13 || byte === 9;
    if ((!isSpace || this.isString) && !this.isStrange) this.outside.push(byte);
  }
}
