import { createHash } from 'node:crypto';

/** Frame types (RFC 6455 §5.2). */
export const op = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly fin: boolean;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Buffer;
}

export interface FrameOptions {
  readonly fin?: boolean;
  /** Under this mask, as a client must. */
  readonly mask?: readonly number[];
  /** The three reserved bits, 0 to 7. */
  readonly rsv?: number;
  /** Says that the payload is so long, whatever it is. */
  readonly length?: number;
}

/** One frame's bytes, good or bad. */
export function frame(opcode: number, payload: string | Uint8Array = '', options: FrameOptions = {}): Buffer {
  const bytes = Buffer.from(payload as string);
  const { fin = true, mask, rsv = 0, length = bytes.length } = options;
  const head = Buffer.alloc(length > 65_535 ? 10 : length > 125 ? 4 : 2);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (mask ? 0x80 : 0) | (head.length === 10 ? 127 : head.length === 4 ? 126 : length);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (!mask) return Buffer.concat([head, bytes]);
  const masked = Buffer.from(bytes);
  for (let i = 0; i < masked.length; i++) masked[i]! ^= mask[i & 3]!;
  return Buffer.concat([head, Buffer.from(mask), masked]);
}

export const clientMask = [0x12, 0x34, 0x56, 0x78] as const;

/** A close frame's payload. */
export function closing(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code, 0);
  payload.write(reason, 2);
  return payload;
}

/** Takes one frame from the front of `bytes`; undefined when it isn't whole. */
export function takeFrame(bytes: Buffer): { frame: Frame; rest: Buffer } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 127;
  let at = short === 127 ? 10 : short === 126 ? 4 : 2;
  const masked = bytes[1]! > 127;
  if (bytes.length < at + (masked ? 4 : 0)) return undefined;
  const length =
    short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  const mask = masked ? bytes.subarray(at, at + 4) : undefined;
  at += masked ? 4 : 0;
  if (bytes.length < at + length) return undefined;
  const payload = Buffer.from(bytes.subarray(at, at + length));
  if (mask) for (let i = 0; i < length; i++) payload[i]! ^= mask[i & 3]!;
  return {
    frame: { fin: bytes[0]! > 127, opcode: bytes[0]! & 15, masked, payload },
    rest: bytes.subarray(at + length),
  };
}

/** What `Sec-WebSocket-Accept` says to a key (RFC 6455 §4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}
