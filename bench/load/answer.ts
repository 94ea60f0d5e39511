import type { BodyCheck } from './expected.ts';

const CR = 13;
const LF = 10;
/** Answers up to this size are compared whole with the last one, before anything is parsed. */
const SMALL = 16_384;

type State = 'head' | 'length' | 'size' | 'data' | 'data-end' | 'trailer';

/** What the connections of one load have in common: the last right answer that came in one piece. */
export interface LastAnswer {
  bytes?: Buffer;
}

/** Reads the answers of one connection, however their bytes are cut, and checks each. */
export class AnswerReader {
  /** Why the answer is no good; it has ended then. */
  problem: string | undefined;
  /** Whether a read brought bytes of the body. */
  hasBody = false;
  /** The server closes the connection behind this answer. */
  closes = false;
  #state: State = 'head';
  #pending: Buffer | undefined;
  #left = 0;
  #line = '';

  constructor(
    private readonly check: BodyCheck,
    private readonly last: LastAnswer,
  ) {}

  /** Takes what was read. @returns whether the answer has ended. */
  feed(bytes: Buffer): boolean {
    this.hasBody = false;
    if (this.#state !== 'head' || this.#pending) return this.#read(bytes);
    // The usual case, when the answers are small and no head has changed: the same bytes again.
    if (this.last.bytes?.equals(bytes)) return (this.hasBody = true);
    const isWhole = this.#read(bytes);
    if (isWhole && !this.problem && !this.closes && bytes.length <= SMALL)
      this.last.bytes = Buffer.from(bytes);
    return isWhole;
  }

  #read(bytes: Buffer): boolean {
    let at = 0;
    if (this.#state === 'head') {
      const all = this.#pending ? Buffer.concat([this.#pending, bytes]) : bytes;
      const end = all.indexOf('\r\n\r\n');
      this.#pending = end < 0 ? Buffer.from(all) : undefined;
      if (end < 0) return false;
      this.#head(all.toString('latin1', 0, end));
      if (this.problem) return true;
      bytes = all;
      at = end + 4;
    }
    return this.#body(bytes, at);
  }

  #head(text: string): void {
    const status = text.slice(9, 12);
    if (status !== '200') return this.#fail(text.slice(0, text.indexOf('\r\n')));
    const head = text.toLowerCase();
    this.closes = head.includes('\r\nconnection: close');
    const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
    if (length !== undefined) {
      this.#state = 'length';
      this.#left = Number(length);
    } else if (/\r\ntransfer-encoding: *chunked/.test(head)) this.#state = 'size';
    else this.#fail('an answer without framing');
  }

  #body(bytes: Buffer, from: number): boolean {
    let at = from;
    while (at < bytes.length || (this.#state === 'length' && this.#left === 0)) {
      if (this.#state === 'length' || this.#state === 'data') {
        const end = Math.min(at + this.#left, bytes.length);
        if (end > at) {
          this.hasBody = true;
          this.check.add(bytes, at, end);
        }
        this.#left -= end - at;
        at = end;
        if (this.#left > 0) return false;
        if (this.#state === 'length') return this.#end(at === bytes.length);
        this.#state = 'data-end';
      } else {
        const byte = bytes[at++]!;
        if (byte !== LF) {
          if (byte !== CR) this.#line += String.fromCharCode(byte);
          continue;
        }
        if (this.#frame()) return this.#end(at === bytes.length);
        if (this.problem) return true;
      }
    }
    return false;
  }

  /** A line of chunked framing has ended. @returns whether the answer has. */
  #frame(): boolean {
    const line = this.#line;
    this.#line = '';
    if (this.#state === 'trailer') return line === '';
    if (this.#state === 'data-end') {
      if (line !== '') this.#fail('broken chunk framing');
      this.#state = 'size';
      return false;
    }
    this.#left = /^[0-9a-f]+(;.*)?$/i.test(line) ? Number.parseInt(line, 16) : Number.NaN;
    if (Number.isNaN(this.#left)) this.#fail('broken chunk framing');
    this.#state = this.#left === 0 ? 'trailer' : 'data';
    return false;
  }

  #end(isLast: boolean): boolean {
    this.#state = 'head';
    const problem = this.check.end();
    if (problem) this.#fail(problem);
    else if (!isLast) this.#fail('bytes behind the end of an answer');
    return true;
  }

  #fail(problem: string): void {
    this.problem = problem;
  }
}
