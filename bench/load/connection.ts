import { AnswerReader } from './answer.ts';
import type { LastAnswer } from './answer.ts';
import type { BodyCheck } from './expected.ts';
import type { QuestionBytes } from './question.ts';

/** What all connections of a load share: what they ask, and whom they tell. */
export interface Shared {
  port: number;
  question: QuestionBytes;
  newCheck(): BodyCheck;
  last: LastAnswer;
  /** The first bytes of an answer's body are here. */
  started(connection: Connection, now: number): void;
  /** More of the body came, so long after the last of it. */
  gap(ms: number, connection: Connection): void;
  /** An answer is whole and right. The connection may be asked again, unless it `isGone`. */
  answered(connection: Connection, now: number): void;
  failed(problem: string): void;
}

/** One connection of a load, which asks one thing at a time. */
export class Connection {
  /** When the request was due; what its latency is counted from. */
  due = 0;
  isBusy = false;
  /** Closed, by whichever side. */
  isGone = false;
  readonly #shared: Shared;
  readonly #reader: AnswerReader;
  #socket: Bun.Socket<Connection> | undefined;
  #unsent: Buffer | undefined;
  #lastBody = 0;

  /** @param opened called when it can be asked. */
  constructor(
    shared: Shared,
    private readonly opened: (connection: Connection) => void,
  ) {
    this.#shared = shared;
    this.#reader = new AnswerReader(shared.newCheck(), shared.last);
    const { port } = shared;
    // What goes wrong with the connection comes to `connectError` as well.
    Bun.connect<Connection>({ hostname: '127.0.0.1', port, data: this, socket: handlers }).catch(() => {});
  }

  /** Sends the next request, which was due at that time (of `performance.now`). */
  ask(due: number): void {
    this.due = due;
    this.isBusy = true;
    this.#lastBody = 0;
    this.#write(this.#shared.question.next(), true);
  }

  close(): void {
    this.isGone = true;
    this.#socket?.terminate();
  }

  open(socket: Bun.Socket<Connection>): void {
    this.#socket = socket;
    if (this.isGone) socket.terminate();
    else this.opened(this);
  }

  receive(bytes: Buffer): void {
    if (this.isGone) return;
    if (!this.isBusy) return this.fail('bytes that nobody asked for');
    const now = performance.now();
    const isWhole = this.#reader.feed(bytes);
    if (this.#reader.hasBody) {
      if (this.#lastBody === 0) this.#shared.started(this, now);
      else this.#shared.gap(now - this.#lastBody, this);
      this.#lastBody = now;
    }
    if (this.#reader.problem) return this.fail(this.#reader.problem);
    if (!isWhole) return;
    this.isBusy = false;
    if (this.#reader.closes) this.close();
    this.#shared.answered(this, now);
  }

  drain(): void {
    if (this.#unsent) this.#write(this.#unsent, false);
  }

  closed(): void {
    if (this.isGone) return;
    this.isGone = true;
    if (this.isBusy) this.#shared.failed('closed before the end of an answer');
  }

  fail(problem: string): void {
    this.close();
    this.#shared.failed(problem);
  }

  #write(bytes: Buffer, isShared: boolean): void {
    const sent = Math.max(this.#socket?.write(bytes) ?? 0, 0);
    const rest = bytes.subarray(sent);
    if (rest.length === 0) this.#unsent = undefined;
    else this.#unsent = isShared ? Buffer.from(rest) : rest;
  }
}

const handlers: Bun.SocketHandler<Connection> = {
  open: (socket) => socket.data.open(socket),
  data: (socket, bytes) => socket.data.receive(bytes),
  drain: (socket) => socket.data.drain(),
  close: (socket) => socket.data.closed(),
  error: () => {},
  connectError: (socket) => socket.data.fail('could not connect'),
};
