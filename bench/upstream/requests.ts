/** A request as the mock upstream sees it. */
export interface MockRequest {
  method: string;
  target: string;
  head: string;
  /** The first 64 KiB of the decoded body, latin1. */
  body: string;
  /** Length of the whole decoded body in bytes. */
  bodyLength: number;
}

const kept = 65_536;
const nothing = Buffer.alloc(0);
type State = 'head' | 'length' | 'size' | 'data' | 'data-end' | 'trailer';

/**
 * Reads HTTP/1.1 requests from a connection, however the bytes are cut: partial, pipelined, with `Content-Length` or
 * chunked. latin1 keeps one character a byte.
 */
export class RequestReader {
  #bytes: Buffer = nothing;
  #at = 0;
  #state: State = 'head';
  #left = 0;
  #current: MockRequest | undefined;

  /** Takes the next bytes and answers the requests that they complete. */
  feed(bytes: Buffer): MockRequest[] {
    const rest = this.#bytes.length - this.#at;
    this.#bytes = rest > 0 ? Buffer.concat([this.#bytes.subarray(this.#at), bytes]) : bytes;
    this.#at = 0;
    const done: MockRequest[] = [];
    while (this.#step(done));
    // The runtime may use these bytes again.
    this.#bytes = this.#at === this.#bytes.length ? nothing : Buffer.from(this.#bytes.subarray(this.#at));
    this.#at = 0;
    return done;
  }

  #step(done: MockRequest[]): boolean {
    if (this.#state === 'head') return this.#readHead(done);
    if (this.#state === 'length' || this.#state === 'data') return this.#readBody(done);
    return this.#readLine(done);
  }

  #readHead(done: MockRequest[]): boolean {
    const head = this.#until('\r\n\r\n');
    if (head === undefined) return false;
    const [method = '', target = ''] = head.slice(0, head.indexOf('\r\n')).split(' ');
    this.#current = { method, target, head, body: '', bodyLength: 0 };
    if (/\r\ntransfer-encoding:\s*chunked/i.test(head)) this.#state = 'size';
    else {
      this.#left = Number(/\r\ncontent-length:\s*(\d+)/i.exec(head)?.[1] ?? 0);
      if (this.#left > 0) this.#state = 'length';
      else this.#finish(done);
    }
    return true;
  }

  #readBody(done: MockRequest[]): boolean {
    const end = Math.min(this.#at + this.#left, this.#bytes.length);
    const length = end - this.#at;
    if (length === 0) return false;
    const current = this.#current;
    if (current) {
      const room = kept - current.bodyLength;
      if (room > 0) current.body += this.#bytes.toString('latin1', this.#at, Math.min(end, this.#at + room));
      current.bodyLength += length;
    }
    this.#left -= length;
    this.#at = end;
    if (this.#left > 0) return false;
    if (this.#state === 'data') this.#state = 'data-end';
    else this.#finish(done);
    return true;
  }

  /** The lines of chunked framing: a size, the end of a chunk's data, a trailer. */
  #readLine(done: MockRequest[]): boolean {
    const line = this.#until('\r\n');
    if (line === undefined) return false;
    if (this.#state === 'data-end') this.#state = 'size';
    else if (this.#state === 'size') {
      this.#left = Number.parseInt(line, 16);
      this.#state = this.#left > 0 ? 'data' : 'trailer';
    } else if (line === '') this.#finish(done);
    return true;
  }

  /** The text before the next such mark, which is passed over; undefined when it is not here yet. */
  #until(mark: string): string | undefined {
    const end = this.#bytes.indexOf(mark, this.#at);
    if (end < 0) return undefined;
    const text = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + mark.length;
    return text;
  }

  #finish(done: MockRequest[]): void {
    if (this.#current) done.push(this.#current);
    this.#current = undefined;
    this.#state = 'head';
  }
}
