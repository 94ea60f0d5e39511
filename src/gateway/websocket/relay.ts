import type { ServerWebSocket } from 'bun';
import type { SocketHandlers } from '../exchange.ts';
import type { Upgraded } from '../upstream/wire/types.ts';
import type { TurnHost, Turns } from './turns.ts';
import { clientFrame, closePayload, FrameError, FrameReader, opcodes } from './frames.ts';

/** The longest message either side may send, bytes. */
export const MAX_MESSAGE = 16 * 1024 * 1024;
/** Held for a slow client before the upstream is told to wait, bytes. */
const HIGH_WATER = 1024 * 1024;
/** What a message costs that waits behind a turn, beside its own bytes. */
const HELD_COST = 64;
/** How long a side may take to answer a close. */
const CLOSE_WAIT_MS = 5000;
/** An upstream that was silent so long is sent a ping, and is given up after as long again. The server does so to clients. */
const PING_MS = 60_000;
const nothing = new Uint8Array();

const strictText = new TextDecoder('utf-8', { fatal: true });

/** How a WebSocket ended: both sides closed it, the client vanished, or the upstream did. */
export type SocketEnd = 'whole' | 'left' | 'cut';

/**
 * Two WebSockets joined: messages in order, close codes both ways, and each side held to the other's pace. The server would
 * call methods named `ping` and `pong` for the client's frames: there are none, for the runtime answers those.
 */
export class Relay implements SocketHandlers, TurnHost {
  /** Bytes of the messages of each side. */
  bytesIn = 0;
  bytesOut = 0;
  isHeldBack = false;
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
  private howItEnded: SocketEnd | undefined;
  /** A turn waits to pass the limits, and what the client sent after it waits behind it. */
  private isDeciding = false;
  private held: (string | Buffer)[] = [];
  private heldBytes = 0;
  private isFull = false;
  private isClientPaused = false;
  private isAlive = true;
  private pinger: Timer | undefined;

  /**
   * @param turns - reads the messages; undefined where nothing has a use for that
   * @param ended - called once, when the upstream's connection is gone
   */
  constructor(
    private readonly upstream: Upgraded,
    private readonly turns: Turns | undefined,
    private readonly ended: (how: SocketEnd) => void,
    private readonly pingMs = PING_MS,
  ) {
    if (turns) turns.host = this;
  }

  // From the client.

  open(client: ServerWebSocket<unknown>): void {
    this.client = client;
    this.pinger = setInterval(() => this.probe(), this.pingMs);
    this.pinger.unref();
    this.upstream.takeOver({ data: (bytes) => this.received(bytes), close: () => this.upstreamGone() });
    if (!this.upstream.open) this.upstreamGone();
  }

  message(_client: ServerWebSocket<unknown>, message: string | Buffer): void {
    if (this.isDeciding) this.hold(message);
    else this.pass(message);
  }

  drain(): void {
    this.isHeldBack = false;
    this.isAlive = true;
    this.upstream.resume();
  }

  close(_client: ServerWebSocket<unknown>, code: number, reason: string): void {
    this.client = undefined;
    this.held = [];
    // The client vanished: so does its half, and the upstream can tell the same way.
    if (code === 1006) {
      this.over('left');
      return this.upstream.cancel();
    }
    this.over('whole', 'aborted');
    this.sendClose(code, reason);
  }

  private hold(message: string | Buffer): void {
    // The runtime may use a buffer's memory again.
    this.held.push(typeof message === 'string' ? message : Buffer.from(message));
    this.heldBytes += message.length + HELD_COST;
    // What the runtime had read already still comes.
    if (this.heldBytes > HIGH_WATER + 2 * MAX_MESSAGE) this.client?.terminate();
    else this.pace();
  }

  private pass(message: string | Buffer): void {
    const goes = this.turns ? this.turns.asked(message) : true;
    if (goes === true) return this.forward(message);
    if (goes === false) return;
    this.isDeciding = true;
    const kept = typeof message === 'string' ? message : Buffer.from(message);
    void goes.then((late) => this.decided(kept, late));
  }

  private decided(message: string | Buffer, goes: boolean): void {
    this.isDeciding = false;
    if (goes) this.forward(message);
    const { held } = this;
    let next = 0;
    while (next < held.length && !this.isDeciding) {
      this.heldBytes -= held[next]!.length + HELD_COST;
      this.pass(held[next++]!);
    }
    this.held = next < held.length ? held.slice(next) : [];
    this.pace();
  }

  private forward(message: string | Buffer): void {
    const isText = typeof message === 'string';
    const bytes = isText ? Buffer.from(message) : message;
    this.bytesIn += bytes.length;
    this.send(isText ? opcodes.text : opcodes.binary, bytes);
  }

  // From turns.

  toClient(event: string): void {
    this.client?.send(event);
  }

  toUpstream(event: string): void {
    this.send(opcodes.text, Buffer.from(event));
  }

  giveUp(reason: string): void {
    this.over('cut');
    this.client?.close(1011, reason);
    // What was sent to the client is to reach it.
    this.closing = true;
    this.upstream.cancel();
  }

  // From the upstream.

  private received(bytes: Buffer): void {
    this.isAlive = true;
    try {
      this.reader.feed(bytes);
    } catch (error) {
      const code = error instanceof FrameError ? error.code : 1007;
      this.over('cut');
      this.sendClose(code, '');
      // 1006 tells the client what it is: a connection lost, not a close that the upstream meant.
      this.client?.terminate();
    }
  }

  private take(opcode: number, data: Buffer, start: number, end: number): void {
    switch (opcode) {
      case opcodes.text:
        this.deliver(strictText.decode(data.subarray(start, end)), end - start);
        return this.turns?.said(data, start, end);
      case opcodes.binary:
        this.deliver(data.subarray(start, end), end - start);
        return this.turns?.said(data, start, end);
      case opcodes.ping:
        return this.answerPing(data, start, end);
      case opcodes.close:
        return this.upstreamCloses(data.subarray(start, end));
    }
  }

  private deliver(message: string | Buffer, bytes: number): void {
    const { client } = this;
    if (!client) return;
    this.bytesOut += bytes;
    client.send(message);
    if (client.getBufferedAmount() <= HIGH_WATER) return;
    this.isHeldBack = true;
    this.upstream.pause();
  }

  private upstreamCloses(payload: Buffer): void {
    if (payload.length === 1) throw new FrameError(1002, 'half a close code');
    // 1005 is how both sides' libraries say «none», to Bun's server too.
    const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    const reason = strictText.decode(payload.subarray(2));
    this.over('whole', 'truncated');
    this.sendClose(code, reason);
    this.client?.close(code, reason);
  }

  /** Finds an upstream whose connection died without a word. One that is held back, or not read by itself, can't answer. */
  private probe(): void {
    if (this.isHeldBack || this.sending) return;
    if (!this.isAlive) return this.upstream.cancel();
    this.isAlive = false;
    this.send(opcodes.ping, nothing);
  }

  private upstreamGone(): void {
    clearInterval(this.pinger);
    this.over('cut');
    this.ended(this.howItEnded!);
    // Without a close frame: the client sees 1006, as it would without aifd between.
    if (!this.closing) this.client?.terminate();
    else this.client?.close();
  }

  /** The first sign of the end says how it ended, and ends the turns. */
  private over(
    how: SocketEnd,
    turnsEnd: 'aborted' | 'truncated' = how === 'left' ? 'aborted' : 'truncated',
  ): void {
    if (this.howItEnded) return;
    this.howItEnded = how;
    this.turns?.closed(turnsEnd);
  }

  private sendClose(code: number, reason: string): void {
    if (this.closing) return;
    this.send(opcodes.close, closePayload(code, reason));
    this.closing = true;
    setTimeout(() => this.upstream.cancel(), CLOSE_WAIT_MS).unref();
  }

  /** While the upstream is full the newest ping alone is answered (RFC 6455 §5.5.3): a flood of them is not kept. */
  private answerPing(data: Buffer, start: number, end: number): void {
    if (!this.sending) return this.send(opcodes.pong, data.subarray(start, end));
    data.copy(this.pongPayload, 0, start, end);
    this.pongBytes = end - start;
  }

  private send(opcode: number, payload: Uint8Array): void {
    if (this.closing) return;
    this.outbox.push(clientFrame(opcode, payload));
    if (!this.sending) void this.flush();
  }

  /** Reads the client while the upstream takes what it sends, and no turn holds back too much. */
  private pace(): void {
    const mustWait = this.isFull || this.heldBytes > HIGH_WATER;
    if (mustWait === this.isClientPaused) return;
    this.isClientPaused = mustWait;
    if (mustWait) this.client?.pause();
    else this.client?.resume();
  }

  /** One frame after the other; while the upstream is full, the client is not read. */
  private async flush(): Promise<void> {
    this.sending = true;
    for (let frame = this.outbox.shift(); frame; frame = this.outbox.shift()) {
      const full = this.upstream.send(frame);
      if (!full) continue;
      this.isFull = true;
      this.pace();
      await full;
      this.isFull = false;
    }
    this.sending = false;
    this.pace();
    if (this.pongBytes < 0) return;
    const pong = this.pongPayload.subarray(0, this.pongBytes);
    this.pongBytes = -1;
    this.send(opcodes.pong, pong);
  }
}
