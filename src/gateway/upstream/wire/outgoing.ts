import type { WireSocket } from './types.ts';

/** A request on its way into the socket: what was taken, and what still waits. */
export class Outgoing {
  /** True until the socket has taken the last byte of the request. */
  sending = false;
  /** The socket has taken at least one byte of the request. */
  wrote = false;
  /** When the last byte was taken; until then, when the request began. ms, the clock of `performance.now()` */
  writtenAt = 0;
  /** All of the request was handed to {@link send}. */
  private finished = false;
  private unsent: Uint8Array | undefined;
  private drained: PromiseWithResolvers<void> | undefined;

  begin(now: number): void {
    this.sending = true;
    this.wrote = this.finished = false;
    this.writtenAt = now;
  }

  /** Bytes wait for the upstream to read. */
  get waiting(): boolean {
    return this.drained !== undefined;
  }

  /**
   * Sends bytes after those that still wait.
   * @returns a promise when the socket is full, resolved when it has taken all, or by {@link wake}
   */
  send(socket: WireSocket, bytes: Uint8Array): Promise<void> | undefined {
    if (this.unsent) {
      this.unsent = Buffer.concat([this.unsent, bytes]);
      return this.drained!.promise;
    }
    const written = this.write(socket, bytes);
    if (written >= bytes.length) return undefined;
    this.unsent = bytes.subarray(written);
    this.drained = Promise.withResolvers();
    return this.drained.promise;
  }

  /** All of the request was handed to {@link send}. @returns true when it is out, false when a part still waits */
  finish(): boolean {
    this.finished = true;
    return !this.unsent && this.out();
  }

  /** The socket has room again. @returns true when that let the request's last byte out */
  drain(socket: WireSocket): boolean {
    if (!this.unsent) return false;
    const rest = this.unsent;
    const written = this.write(socket, rest);
    this.unsent = written < rest.length ? rest.subarray(written) : undefined;
    if (this.unsent) return false;
    this.wake();
    return this.finished && this.out();
  }

  /** Lets whoever waits for room go on. */
  wake(): void {
    const { drained } = this;
    this.drained = undefined;
    drained?.resolve();
  }

  private write(socket: WireSocket, bytes: Uint8Array): number {
    // Negative on a socket that is closed.
    const written = Math.max(0, socket.write(bytes));
    if (written > 0) this.wrote = true;
    return written;
  }

  private out(): true {
    this.sending = false;
    this.writtenAt = performance.now();
    return true;
  }
}
