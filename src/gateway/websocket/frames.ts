/** Frame types (RFC 6455 §5.2). */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A whole message or control frame. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

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

interface Header {
  readonly fin: boolean;
  readonly opcode: number;
  readonly start: number;
  readonly length: number;
}

/** Puts a server's frames together into messages, from buffers cut anywhere. */
export class FrameReader {
  private pieces: Buffer[] = [];
  private held = 0;
  /** The message whose fragments are coming. */
  private begun = false;
  private message = Buffer.alloc(0);
  private messageBytes = 0;
  private opcode = 0;

  /** @param maxMessage - bytes of the longest message taken */
  constructor(private readonly maxMessage: number) {}

  /**
   * Takes bytes and hands on each frame they complete.
   * @throws {@link FrameError}
   */
  feed(bytes: Buffer, emit: (frame: Frame) => void): void {
    this.pieces.push(bytes);
    this.held += bytes.length;
    for (;;) {
      const header = this.peekHeader();
      if (!header || this.held < header.start + header.length) return;
      const all = this.join();
      const payload = all.subarray(header.start, header.start + header.length);
      this.pieces = [all.subarray(header.start + header.length)];
      this.held -= header.start + header.length;
      this.take(header, payload, emit);
    }
  }

  private take({ fin, opcode }: Header, payload: Buffer, emit: (frame: Frame) => void): void {
    // Control frames may stand between fragments (§5.4).
    if (opcode >= opcodes.close) return emit({ opcode, payload });
    if ((opcode === opcodes.continuation) !== this.begun)
      throw new FrameError(1002, 'a fragment out of turn');
    if (!this.begun) {
      if (fin) return emit({ opcode, payload });
      this.begun = true;
      this.opcode = opcode;
    }
    this.append(payload);
    if (!fin) return;
    const whole = this.message.subarray(0, this.messageBytes);
    this.begun = false;
    this.message = Buffer.alloc(0);
    this.messageBytes = 0;
    emit({ opcode: this.opcode, payload: whole });
  }

  /** One buffer that doubles: a million fragments of a byte, or of none, cost what their bytes cost. */
  private append(payload: Buffer): void {
    const needed = this.messageBytes + payload.length;
    if (needed > this.maxMessage) throw tooLong();
    if (needed > this.message.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.message.length, 4096));
      this.message.copy(larger, 0, 0, this.messageBytes);
      this.message = larger;
    }
    payload.copy(this.message, this.messageBytes);
    this.messageBytes = needed;
  }

  /** The next frame's header, once all of it is here. */
  private peekHeader(): Header | undefined {
    if (this.held < 2) return undefined;
    const head = this.pieces[0]!.length >= 10 ? this.pieces[0]! : this.join();
    const first = head[0]!;
    const second = head[1]!;
    const opcode = first & 15;
    const fin = first > 127;
    if ((first & 0x70) !== 0) throw new FrameError(1002, 'an extension nobody agreed on');
    if (second > 127) throw new FrameError(1002, 'a masked frame from a server');
    const short = second & 127;
    if (opcode > 7 ? opcode > opcodes.pong || short > 125 || !fin : opcode > opcodes.binary) {
      throw new FrameError(1002, 'a malformed frame');
    }
    const start = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (head.length < start) return undefined;
    const length =
      short === 127 ? Number(head.readBigUInt64BE(2)) : short === 126 ? head.readUInt16BE(2) : short;
    if (length > this.maxMessage) throw tooLong();
    return { fin, opcode, start, length };
  }

  private join(): Buffer {
    if (this.pieces.length > 1) this.pieces = [Buffer.concat(this.pieces)];
    return this.pieces[0]!;
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
