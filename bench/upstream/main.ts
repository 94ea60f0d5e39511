/**
 * The mock upstream: `bun bench/upstream/main.ts [port]` prints `listening PORT`. Raw sockets and ready-made
 * bytes, so that what is measured is the proxy before it.
 */
import { jsonAnswer, sseAnswer } from './answers.ts';
import type { Pieces } from './answers.ts';
import { RequestReader } from './requests.ts';
import type { MockRequest } from './requests.ts';
import { wishOf } from './wish.ts';
import type { Wish } from './wish.ts';

type Socket = Bun.Socket<Connection>;

/** One client connection: requests are answered in their order, one at a time. */
class Connection {
  readonly #reader = new RequestReader();
  readonly #waiting: MockRequest[] = [];
  readonly #unsent: Uint8Array[] = [];
  #busy = false;
  open = true;
  readonly #socket: Socket;

  constructor(
    socket: Socket,
    private readonly seen: (request: MockRequest) => void,
  ) {
    this.#socket = socket;
  }

  receive(bytes: Buffer): void {
    this.#waiting.push(...this.#reader.feed(bytes));
    this.#next();
  }

  /** Sends, or keeps what the socket does not take until it drains. */
  send(bytes: Uint8Array): void {
    if (!this.open) return;
    if (this.#unsent.length > 0) return void this.#unsent.push(bytes);
    const sent = this.#socket.write(bytes);
    if (sent < bytes.length) this.#unsent.push(bytes.subarray(Math.max(sent, 0)));
  }

  drain(): void {
    const parts = this.#unsent.splice(0);
    for (const part of parts) this.send(part);
  }

  /** The current answer is complete. */
  done(): void {
    this.#busy = false;
    this.#next();
  }

  #next(): void {
    if (this.#busy || !this.open) return;
    const request = this.#waiting.shift();
    if (!request) return;
    this.#busy = true;
    this.seen(request);
    const wish = wishOf(request);
    if (wish.delay > 0) setTimeout(answer, wish.delay, this, request, wish);
    else answer(this, request, wish);
  }
}

/** Ready-made bytes of what is asked again and again; {@link wishOf} gives the same object for the same wish. */
const answers = new WeakMap<Wish, Uint8Array>();
const streams = new WeakMap<Wish, Pieces>();

function answer(connection: Connection, request: MockRequest, wish: Wish): void {
  if (wish.stream && wish.status === 200 && !wish.echo) return stream(connection, wish);
  const make = (): Uint8Array => jsonAnswer(wish, request);
  connection.send(wish.echo ? make() : answers.getOrInsertComputed(wish, make));
  connection.done();
}

function stream(connection: Connection, wish: Wish): void {
  const { head, first, event, last, end } = streams.getOrInsertComputed(wish, sseAnswer);
  let sent = 0;
  connection.send(head);
  const step = (): void => {
    if (!connection.open) return;
    const isLast = sent === wish.chunks - 1;
    connection.send(sent === wish.chunks ? end : isLast ? last : sent === 0 ? first : event);
    if (sent++ === wish.chunks) connection.done();
    else if (wish.interval > 0) setTimeout(step, wish.interval);
    // One write a turn of the loop: written together, the events would leave as one segment.
    else setImmediate(step);
  };
  step();
}

/**
 * Bun's backlog is 512 a listener, and a connection that finds it full waits a second for its next try.
 * Eight listeners on the port take the 4,000 connections that the bench opens at once.
 */
const listeners = 8;

/**
 * Starts the mock upstream on 127.0.0.1.
 *
 * @param port 0 takes a free one.
 * @param seen called with each request, before it is answered.
 */
export function startMockUpstream(
  port = 0,
  seen: (request: MockRequest) => void = () => {},
): { port: number; stop(): void } {
  const first = listen(port, seen);
  const all = [first, ...Array.from({ length: listeners - 1 }, () => listen(first.port, seen))];
  return { port: first.port, stop: () => all.forEach((listener) => listener.stop(true)) };
}

function listen(port: number, seen: (request: MockRequest) => void): Bun.TCPSocketListener<Connection> {
  // `reusePort` works for TCP, but bun-types has it for UDP only.
  const shared = { hostname: '127.0.0.1', port, reusePort: true };
  return Bun.listen<Connection>({
    ...shared,
    socket: {
      open: (socket) => void (socket.data = new Connection(socket, seen)),
      data: (socket, bytes) => socket.data.receive(bytes),
      drain: (socket) => socket.data.drain(),
      close: (socket) => void (socket.data.open = false),
      error: (socket) => void (socket.data.open = false),
    },
  });
}

if (import.meta.main) {
  const { port } = startMockUpstream(Number(process.argv[2] ?? 0));
  console.log(`listening ${port}`);
}
