/** Frame types (RFC 6455 §5.2). */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/**
 * Takes a whole message or control frame: `data` from `start` to `end`, a view that must not be kept. Not an object, so
 * that a flood of small frames makes no garbage.
 */
export type TakeFrame = (opcode: number, data: Buffer, start: number, end: number) => void;

/** Bytes that are not WebSocket, or too many; `code` is what the close frame says of it (RFC 6455 §7.4.1). */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  constructor(
    readonly code: 1002 | 1009,
    message: string,
  ) {
    super(message);
  }
}

/** Puts a server's frames together into messages, from buffers cut anywhere. */
export class FrameReader {
  /** The beginning of a frame, and how many bytes it takes to go on. */
  private pieces: Buffer[] = [];
  private held = 0;
  private needed = 2;
  /** The frame being read. */
  private fin = false;
  private opcode = 0;
  private headerSize = 0;
  /** The message whose fragments are coming. */
  private begun = false;
  private messageOpcode = 0;
  private message = Buffer.alloc(0);
  private messageBytes = 0;

  /**
   * @param maxMessage - bytes of the longest message taken
   * @param take - told of each message and control frame, in order
   */
  constructor(
    private readonly maxMessage: number,
    private readonly take: TakeFrame,
  ) {}

  /**
   * Takes bytes and hands on each frame they complete.
   * @throws {@link FrameError}
   */
  feed(bytes: Buffer): void {
    this.held += bytes.length;
    this.pieces.push(bytes);
    if (this.held < this.needed) return;
    // Joined once a frame is whole, and not at each read: a long message would be copied over and over.
    const data = this.pieces.length === 1 ? bytes : Buffer.concat(this.pieces);
    let offset = 0;
    for (;;) {
      this.needed = this.frameSize(data, offset);
      if (data.length - offset < this.needed) break;
      this.frame(data, offset + this.headerSize, offset + this.needed);
      offset += this.needed;
    }
    this.held = data.length - offset;
    this.pieces = this.held === 0 ? [] : [data.subarray(offset)];
  }

  private frame(data: Buffer, start: number, end: number): void {
    const { opcode, fin } = this;
    // Control frames may stand between fragments (§5.4).
    if (opcode >= opcodes.close) return this.take(opcode, data, start, end);
    if ((opcode === opcodes.continuation) !== this.begun)
      throw new FrameError(1002, 'a fragment out of turn');
    if (!this.begun) {
      if (fin) return this.take(opcode, data, start, end);
      this.begun = true;
      this.messageOpcode = opcode;
    }
    this.append(data, start, end);
    if (!fin) return;
    const { message, messageBytes } = this;
    this.begun = false;
    this.message = Buffer.alloc(0);
    this.messageBytes = 0;
    this.take(this.messageOpcode, message, 0, messageBytes);
  }

  /** One buffer that doubles: a million fragments of a byte, or of none, cost what their bytes cost. */
  private append(data: Buffer, start: number, end: number): void {
    if (start === end) return;
    const size = this.messageBytes + end - start;
    if (size > this.maxMessage) throw tooLong();
    if (size > this.message.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, 2 * this.message.length, 4096));
      this.message.copy(larger, 0, 0, this.messageBytes);
      this.message = larger;
    }
    data.copy(this.message, this.messageBytes, start, end);
    this.messageBytes = size;
  }

  /** The bytes of the frame at `offset`, or of its header as far as is known before that is here. */
  private frameSize(data: Buffer, offset: number): number {
    const available = data.length - offset;
    if (available < 2) return 2;
    const first = data[offset]!;
    const second = data[offset + 1]!;
    this.opcode = first & 15;
    this.fin = first > 127;
    if ((first & 0x70) !== 0) throw new FrameError(1002, 'an extension nobody agreed on');
    if (second > 127) throw new FrameError(1002, 'a masked frame from a server');
    const short = second & 127;
    const control = this.opcode > 7;
    if (control ? this.opcode > opcodes.pong || short > 125 || !this.fin : this.opcode > opcodes.binary) {
      throw new FrameError(1002, 'a malformed frame');
    }
    this.headerSize = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (available < this.headerSize) return this.headerSize;
    let length = short;
    if (short === 126) length = data.readUInt16BE(offset + 2);
    if (short === 127) length = Number(data.readBigUInt64BE(offset + 2));
    if (length > this.maxMessage) throw tooLong();
    return this.headerSize + length;
  }
}

function tooLong(): FrameError {
  return new FrameError(1009, 'a message too long');
}

/** A client's frame: whole, and masked as §5.3 asks. */
export function clientFrame(opcode: number, payload: Uint8Array): Buffer {
  const length = payload.length;
  const extra = length > 65_535 ? 8 : length > 125 ? 2 : 0;
  const start = 2 + extra + 4;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extra === 8 ? 127 : extra === 2 ? 126 : length);
  if (extra === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  if (extra === 2) frame.writeUInt16BE(length, 2);
  const mask = crypto.getRandomValues(frame.subarray(start - 4, start));
  for (let i = 0; i < length; i++) frame[start + i] = payload[i]! ^ mask[i & 3]!;
  return frame;
}

/** A close frame's payload. Codes that only an end may see (1005, 1006, 1015) are no codes to send: empty. */
export function closePayload(code: number, reason: string): Buffer {
  if (code === 1005 || code === 1006 || code === 1015) return Buffer.alloc(0);
  const text = Buffer.from(reason).subarray(0, 123);
  const payload = Buffer.alloc(2 + text.length);
  payload.writeUInt16BE(code, 0);
  text.copy(payload, 2);
  return payload;
}
