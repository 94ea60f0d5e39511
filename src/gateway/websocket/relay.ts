import type { ServerWebSocket } from 'bun';
import type { Connection } from '../upstream/wire/connection.ts';
import { clientFrame, closePayload, FrameError, FrameReader, opcodes } from './frames.ts';

/** The longest message either side may send, bytes. */
export const MAX_MESSAGE = 16 * 1024 * 1024;
/** Held for a slow client before the upstream is told to wait, bytes. */
const HIGH_WATER = 1024 * 1024;
/** How long a side may take to answer a close. */
const CLOSE_WAIT_MS = 5000;

const strictText = new TextDecoder('utf-8', { fatal: true });

/** What aifd's server calls for a client's WebSocket: it is the socket's `data`. */
export interface SocketHandlers {
  open(client: ServerWebSocket<unknown>): void;
  message(client: ServerWebSocket<unknown>, message: string | Buffer): void;
  drain(client: ServerWebSocket<unknown>): void;
  close(client: ServerWebSocket<unknown>, code: number, reason: string): void;
}

/** Two WebSockets joined: messages in order, close codes both ways, and each side held to the other's pace. */
export class Relay implements SocketHandlers {
  private readonly reader = new FrameReader(MAX_MESSAGE, (opcode, data, start, end) =>
    this.take(opcode, data, start, end),
  );
  private client: ServerWebSocket<unknown> | undefined;
  private readonly outbox: Buffer[] = [];
  private sending = false;
  private closing = false;
  /** The pong that waits; -1 bytes is none. */
  private readonly pongPayload = Buffer.alloc(125);
  private pongBytes = -1;

  /** @param ended - called once, when the upstream's connection is gone */
  constructor(
    private readonly upstream: Connection,
    private readonly ended: () => void = () => {},
  ) {}

  // From the client.

  open(client: ServerWebSocket<unknown>): void {
    this.client = client;
    this.upstream.takeOver({ data: (bytes) => this.received(bytes), close: () => this.upstreamGone() });
    if (!this.upstream.open) this.upstreamGone();
  }

  message(_client: ServerWebSocket<unknown>, message: string | Buffer): void {
    if (typeof message === 'string') this.send(opcodes.text, Buffer.from(message));
    else this.send(opcodes.binary, message);
  }

  drain(): void {
    this.upstream.resume();
  }

  close(_client: ServerWebSocket<unknown>, code: number, reason: string): void {
    this.client = undefined;
    // The client vanished: so does its half, and the upstream can tell the same way.
    if (code === 1006) return this.upstream.cancel();
    this.sendClose(code, reason);
  }

  // From the upstream.

  private received(bytes: Buffer): void {
    try {
      this.reader.feed(bytes);
    } catch (error) {
      const code = error instanceof FrameError ? error.code : 1007;
      this.sendClose(code, '');
      // 1006 tells the client what it is: a connection lost, not a close that the upstream meant.
      this.client?.terminate();
    }
  }

  private take(opcode: number, data: Buffer, start: number, end: number): void {
    switch (opcode) {
      case opcodes.text:
        return this.deliver(strictText.decode(data.subarray(start, end)));
      case opcodes.binary:
        return this.deliver(data.subarray(start, end));
      case opcodes.ping:
        return this.pong(data, start, end);
      case opcodes.close:
        return this.upstreamCloses(data.subarray(start, end));
    }
  }

  private deliver(message: string | Buffer): void {
    const { client } = this;
    if (!client) return;
    client.send(message);
    if (client.getBufferedAmount() > HIGH_WATER) this.upstream.pause();
  }

  private upstreamCloses(payload: Buffer): void {
    if (payload.length === 1) throw new FrameError(1002, 'half a close code');
    // 1005 is how both sides' libraries say «none», to Bun's server too.
    const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    const reason = strictText.decode(payload.subarray(2));
    this.sendClose(code, reason);
    this.client?.close(code, reason);
  }

  private upstreamGone(): void {
    this.ended();
    // Without a close frame: the client sees 1006, as it would without aifd between.
    if (!this.closing) this.client?.terminate();
    else this.client?.close();
  }

  private sendClose(code: number, reason: string): void {
    if (this.closing) return;
    this.send(opcodes.close, closePayload(code, reason));
    this.closing = true;
    setTimeout(() => this.upstream.cancel(), CLOSE_WAIT_MS).unref();
  }

  /** While the upstream is full the newest ping alone is answered (RFC 6455 §5.5.3): a flood of them is not kept. */
  private pong(data: Buffer, start: number, end: number): void {
    if (!this.sending) return this.send(opcodes.pong, data.subarray(start, end));
    data.copy(this.pongPayload, 0, start, end);
    this.pongBytes = end - start;
  }

  private send(opcode: number, payload: Uint8Array): void {
    if (this.closing) return;
    this.outbox.push(clientFrame(opcode, payload));
    if (!this.sending) void this.flush();
  }

  /** One frame after the other; while the upstream is full, the client is not read. */
  private async flush(): Promise<void> {
    this.sending = true;
    for (let frame = this.outbox.shift(); frame; frame = this.outbox.shift()) {
      const full = this.upstream.send(frame);
      if (!full) continue;
      this.client?.pause();
      await full;
    }
    this.sending = false;
    this.client?.resume();
    if (this.pongBytes < 0) return;
    const pong = this.pongPayload.subarray(0, this.pongBytes);
    this.pongBytes = -1;
    this.send(opcodes.pong, pong);
  }
}
