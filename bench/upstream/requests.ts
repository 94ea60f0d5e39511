/** A request as the mock upstream sees it. `text` is the head and the start of the body. */
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
type State = 'head' | 'length' | 'size' | 'data' | 'data-end' | 'trailer';

/**
 * Reads HTTP/1.1 requests from a connection, however the bytes are cut: partial, pipelined,
 * with `Content-Length` or chunked. latin1 keeps one character a byte.
 */
export class RequestReader {
  #text = '';
  #state: State = 'head';
  #left = 0;
  #current: MockRequest | undefined;

  /** Takes the next bytes and answers the requests that they complete. */
  feed(text: string): MockRequest[] {
    this.#text += text;
    const done: MockRequest[] = [];
    while (this.#step(done));
    return done;
  }

  #step(done: MockRequest[]): boolean {
    if (this.#state === 'head') return this.#readHead(done);
    if (this.#state === 'length' || this.#state === 'data') return this.#readBody(done);
    return this.#readLine(done);
  }

  #readHead(done: MockRequest[]): boolean {
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const head = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 4);
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
    const part = this.#text.slice(0, this.#left);
    if (part.length === 0) return false;
    this.#text = this.#text.slice(part.length);
    this.#left -= part.length;
    const current = this.#current;
    if (current) {
      current.bodyLength += part.length;
      if (current.body.length < kept) current.body += part.slice(0, kept - current.body.length);
    }
    if (this.#left > 0) return false;
    if (this.#state === 'data') this.#state = 'data-end';
    else this.#finish(done);
    return true;
  }

  /** The lines of chunked framing: a size, the end of a chunk's data, a trailer. */
  #readLine(done: MockRequest[]): boolean {
    const end = this.#text.indexOf('\r\n');
    if (end < 0) return false;
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 2);
    if (this.#state === 'data-end') this.#state = 'size';
    else if (this.#state === 'size') {
      this.#left = Number.parseInt(line, 16);
      this.#state = this.#left > 0 ? 'data' : 'trailer';
    } else if (line === '') this.#finish(done);
    return true;
  }

  #finish(done: MockRequest[]): void {
    if (this.#current) done.push(this.#current);
    this.#current = undefined;
    this.#state = 'head';
  }
}
