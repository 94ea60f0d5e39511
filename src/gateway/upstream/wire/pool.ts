import { Connection, type ConnectionOwner } from './connection.ts';
import { Deadlines } from './deadlines.ts';
import { dial } from './dial.ts';
import type { Origin } from './types.ts';

/** Idle connections kept per origin: as many as a burst leaves behind, and no more. */
const MAX_IDLE = 512;

/** The open connections to one origin, the idle ones reused last in, first out: the warmest, and the rest can age. */
export class Pool implements ConnectionOwner {
  readonly deadlines: Deadlines;
  private readonly idle: Connection[] = [];
  private sweeper: Timer | undefined;
  private roundTrip = Infinity;

  constructor(
    private readonly origin: Origin,
    deadlines: Deadlines,
  ) {
    this.deadlines = deadlines;
  }

  /** A connection that was used before, if one is idle and fresh. */
  take(): Connection | undefined {
    const connection = this.idle.pop();
    if (!connection) return undefined;
    if (performance.now() - connection.idleSince <= connection.idleLimit) {
      connection.reused = true;
      return connection;
    }
    // The newest is too old, so all are.
    this.idle.push(connection);
    this.closeIdle();
    return undefined;
  }

  /**
   * A new connection.
   * @param timeoutMs - to connect; 0 is none
   * @throws WireFailure when it can't be had
   */
  async connect(timeoutMs: number): Promise<Connection> {
    const connection = new Connection(this);
    await dial(this.origin, connection, timeoutMs);
    // The least is nearest to the truth: a handshake may have waited for a busy event loop or for DNS.
    this.roundTrip = connection.roundTrip = Math.min(this.roundTrip, connection.roundTrip);
    return connection;
  }

  released(connection: Connection): void {
    if (!connection.open) return;
    if (this.idle.length >= MAX_IDLE) return void connection.socket.end();
    connection.idleSince = performance.now();
    this.idle.push(connection);
    this.sweeper ??= setInterval(() => this.sweep(), 1000);
    this.sweeper.unref();
  }

  closed(connection: Connection): void {
    const index = this.idle.indexOf(connection);
    if (index >= 0) this.idle.splice(index, 1);
  }

  /** Closes the idle connections. */
  closeIdle(): void {
    for (const connection of this.idle.splice(0)) connection.socket.end();
  }

  private sweep(): void {
    const now = performance.now();
    // The oldest stand first.
    while (this.idle.length > 0 && now - this.idle[0]!.idleSince > this.idle[0]!.idleLimit) {
      this.idle.shift()!.socket.end();
    }
    if (this.idle.length > 0) return;
    clearInterval(this.sweeper);
    this.sweeper = undefined;
  }
}
