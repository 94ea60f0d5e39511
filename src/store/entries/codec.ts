import { type About, BrokenEntry, type Entry } from './store.ts';

/**
 * An entry as bytes, little-endian: format (1 byte), then 3 bytes of nothing, a check of all that follows (u32), the
 * lengths of three sections (u32 each), and the sections: what is told of it and its header fields (JSON, UTF-8), the
 * request, the body.
 */
const FORMAT = 1;
const CHECK_AT = 4;
const LENGTHS_AT = 8;
const SECTIONS_AT = 20;

interface Description {
  readonly about: About;
  readonly headers: Entry['headers'];
}
const ABOUT_BEGINS = '{"about":';

/** Where the bytes of an entry go. @param size bytes @returns memory of that size, of whatever content */
export type Allocate = (size: number) => Buffer;

/** An entry's bytes, and those of them that are its {@link About}, as JSON. */
export interface Encoded {
  readonly bytes: Buffer;
  readonly about: Buffer;
}

/** @returns memory of its own */
export function encodeEntry(entry: Entry): Buffer {
  return encodeWithin(entry, (size) => Buffer.allocUnsafe(size)).bytes;
}

/** As {@link encodeEntry}, in memory that is given. */
export function encodeWithin({ about, headers, request, body }: Entry, allocate: Allocate): Encoded {
  // As JSON.stringify writes a Description: what is told of it lies in one piece.
  const told = JSON.stringify(about);
  const description = `${ABOUT_BEGINS}${told},"headers":${JSON.stringify(headers)}}`;
  const length = Buffer.byteLength(description);
  const bytes = allocate(SECTIONS_AT + length + request.length + body.length);
  bytes.writeUInt32LE(FORMAT, 0);
  bytes.writeUInt32LE(length, LENGTHS_AT);
  bytes.writeUInt32LE(request.length, LENGTHS_AT + 4);
  bytes.writeUInt32LE(body.length, LENGTHS_AT + 8);
  bytes.write(description, SECTIONS_AT);
  bytes.set(request, SECTIONS_AT + length);
  bytes.set(body, SECTIONS_AT + length + request.length);
  bytes.writeUInt32LE(checkOf(bytes), CHECK_AT);
  const aboutAt = SECTIONS_AT + ABOUT_BEGINS.length;
  return { bytes, about: bytes.subarray(aboutAt, aboutAt + Buffer.byteLength(told)) };
}

/**
 * @param bytes - as {@link encodeEntry} made them; the entry's request and body are views on them
 * @throws {@link BrokenEntry} when they are not
 */
export function decodeEntry(bytes: Uint8Array): Entry {
  const view =
    bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < SECTIONS_AT || view.readUInt32LE(0) !== FORMAT) throw new BrokenEntry('no entry');
  const requestAt = SECTIONS_AT + view.readUInt32LE(LENGTHS_AT);
  const bodyAt = requestAt + view.readUInt32LE(LENGTHS_AT + 4);
  const whole = bodyAt + view.readUInt32LE(LENGTHS_AT + 8) === view.length;
  if (!whole || view.readUInt32LE(CHECK_AT) !== checkOf(view)) throw new BrokenEntry('a damaged entry');
  const { about, headers } = JSON.parse(view.toString('utf8', SECTIONS_AT, requestAt)) as Description;
  return { about, headers, request: view.subarray(requestAt, bodyAt), body: view.subarray(bodyAt) };
}

const checkOf = (bytes: Buffer): number => Bun.hash.xxHash32(bytes.subarray(LENGTHS_AT));
