const LINE_END = '\r\n';
const HEAD_END = Buffer.from('\r\n\r\n');
const DASH = 0x2d;

/** By RFC 2046 a boundary has up to 70 characters. */
const LONGEST_BOUNDARY = 200;
/** A part whose head is longer makes the form one that can't be read. Bytes. */
const LONGEST_HEAD = 8 * 1024;
/** Of a field so much is read, and so much of all fields together. Bytes. */
const MOST_OF_FIELD = 32 * 1024;
const MOST_OF_ALL = 64 * 1024;
const MOST_FIELDS = 100;
/** Parts that are looked at: a form of 8 MB may have 100,000. */
const MOST_PARTS = 1_000;

const nothing = Buffer.alloc(0);

/** The boundary that a media type names; undefined when it is no form's. */
export function boundaryOf(contentType: string): string | undefined {
  if (!/^\s*multipart\/form-data\s*;/i.test(contentType)) return undefined;
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  return boundary !== undefined && boundary.length <= LONGEST_BOUNDARY ? boundary : undefined;
}

/**
 * Reads a form (RFC 7578) in pieces cut anywhere: of fields their text, of files the name. Holds no more than a part's head,
 * the fields within bounds, and as many bytes as a boundary has.
 */
export class FormReader {
  /** What came so far, by the name; a list where a name came more than once. */
  readonly fields = new Map<string, unknown>();
  private readonly delimiter: Buffer;
  /** Not decided yet. A form begins with a boundary, and every other one stands behind a line's end. */
  private held = Buffer.from(LINE_END);
  private isInBody = true;
  private isDone = false;
  private parts = 0;
  /** The field whose text is coming; undefined in a file, or before the first part. */
  private name: string | undefined;
  private text: Uint8Array[] = [];
  private textBytes = 0;
  private room = MOST_OF_ALL;

  constructor(boundary: string) {
    this.delimiter = Buffer.from(`${LINE_END}--${boundary}`, 'latin1');
  }

  chunk(piece: Uint8Array): void {
    if (this.isDone) return;
    const { held } = this;
    const bytes = held.length > 0 ? Buffer.concat([held, piece]) : asBuffer(piece);
    let at = 0;
    for (let next = 0; next >= 0;) {
      at = next;
      next = this.isInBody ? this.inBody(bytes, at) : this.inHead(bytes, at);
    }
    // A copy: the piece is a view on a buffer of the socket's.
    this.held = this.isDone ? nothing : Buffer.from(bytes.subarray(this.decided(bytes, at)));
  }

  /** All that can be decided is; in a body the end may be the beginning of a boundary. */
  private decided(bytes: Buffer, at: number): number {
    return this.isInBody ? Math.max(at, bytes.length - this.delimiter.length + 1) : at;
  }

  /** @returns where what follows begins; -1 when it has not come, or nothing does */
  private inBody(bytes: Buffer, at: number): number {
    const found = bytes.indexOf(this.delimiter, at);
    if (found < 0) {
      this.take(bytes.subarray(at, this.decided(bytes, at)));
      return -1;
    }
    this.take(bytes.subarray(at, found));
    this.endField();
    this.isInBody = false;
    return found + this.delimiter.length;
  }

  private inHead(bytes: Buffer, at: number): number {
    if (bytes.length - at < 2) return -1;
    if (bytes[at] === DASH && bytes[at + 1] === DASH) return this.finish();
    const end = bytes.indexOf(HEAD_END, at);
    if (end < 0) return bytes.length - at > LONGEST_HEAD ? this.finish() : -1;
    this.beginPart(bytes.toString('utf8', at, end));
    this.isInBody = true;
    return this.isDone ? -1 : end + HEAD_END.length;
  }

  private finish(): -1 {
    this.isDone = true;
    return -1;
  }

  private beginPart(head: string): void {
    this.isDone = ++this.parts > MOST_PARTS;
    if (this.isDone) return;
    const [, disposition = ''] = /^content-disposition:(.*)$/im.exec(head) ?? [];
    const name = parameter(disposition, 'name');
    const file = parameter(disposition, 'filename');
    if (name === undefined || this.fields.size >= MOST_FIELDS) return;
    if (file !== undefined) this.add(name, file.slice(0, 1024));
    else this.name = name;
  }

  private take(bytes: Buffer): void {
    if (this.name === undefined) return;
    const most = Math.min(MOST_OF_FIELD, this.room) - this.textBytes;
    if (bytes.length > 0 && most > 0) this.text.push(Buffer.from(bytes.subarray(0, most)));
    this.textBytes += bytes.length;
  }

  private endField(): void {
    if (this.name === undefined) return;
    const text = Buffer.concat(this.text);
    this.room -= text.length;
    this.add(this.name, text.toString() + (this.textBytes > text.length ? '…' : ''));
    this.name = undefined;
    this.text = [];
    this.textBytes = 0;
  }

  private add(name: string, value: string): void {
    const before = this.fields.get(name);
    if (before === undefined) this.fields.set(name, value);
    else if (Array.isArray(before)) {
      if (before.length < MOST_FIELDS) before.push(value);
    } else this.fields.set(name, [before, value]);
  }
}

/** A form that is here whole; its boundary is its first line. */
export function formFields(bytes: Uint8Array): Map<string, unknown> {
  const body = asBuffer(bytes);
  const end = body.indexOf(LINE_END);
  if (end < 2 || end > LONGEST_BOUNDARY) return new Map();
  const reader = new FormReader(body.toString('latin1', 2, end).trimEnd());
  reader.chunk(body);
  return reader.fields;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A parameter of a header field, as browsers, curl and HTTP clients write it. */
function parameter(field: string, name: string): string | undefined {
  const pattern = new RegExp(
    `;\\s*${name}(?:=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]*))|\\*=[\\w-]*'[^']*'([^\\s;]*))`,
    'i',
  );
  const [, quoted, plain, extended] = pattern.exec(field) ?? [];
  if (quoted !== undefined) return quoted.replace(/\\(["\\])/g, '$1').replaceAll('%22', '"');
  return plain ?? (extended === undefined ? undefined : decoded(extended));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
