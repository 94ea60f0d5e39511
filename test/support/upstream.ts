import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type Message, readMessage, values } from './message.ts';
import { until, within } from './until.ts';

/** A request as it came to the upstream, and the means to answer it, well or badly. */
export class UpstreamRequest {
  /** Resolves when the connection that it came on is closed. */
  readonly gone: Promise<void>;
  /** What came of it so far. */
  message!: Message;

  constructor(readonly socket: Socket) {
    this.gone = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  get method(): string {
    return this.message.start.split(' ')[0]!;
  }

  /** The request target, verbatim. */
  get target(): string {
    return this.message.start.split(' ')[1]!;
  }

  header(name: string): string | undefined {
    return this.all(name)[0];
  }

  all(name: string): string[] {
    return values(this.message, name);
  }

  get text(): string {
    return this.message.body.toString();
  }

  /** Resolves when the body came to its end, or never will: the connection closed. */
  async whole(): Promise<this> {
    let gone = false;
    void this.gone.then(() => (gone = true));
    await until(() => this.message.complete || gone, 'the request is upstream whole', 60_000);
    return this;
  }

  /** Sends raw bytes. */
  send(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /** A plain answer with a Content-Length. */
  answer(status: number, body: string | Uint8Array = '', headers: readonly string[] = []): void {
    const bytes = Buffer.from(body as string);
    const type = headers.some((line) => /^content-type:/i.test(line)) ? [] : ['Content-Type: text/plain'];
    const lines = [`HTTP/1.1 ${status} Whatever`, `Content-Length: ${bytes.length}`, ...type, ...headers];
    this.socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]));
  }

  /** Closes the connection in order. */
  end(): void {
    this.socket.end();
  }

  /** Resets the connection. */
  die(): void {
    this.socket.resetAndDestroy();
  }
}

export type Handler = (request: UpstreamRequest, index: number) => unknown;

export interface UpstreamOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly port?: number;
  /** Sees each connection first; false: its bytes are not read as HTTP. */
  readonly onConnection?: (socket: Socket) => boolean | void;
}

/** A real HTTP/1.1 server of raw sockets that answers what the test says. */
export class Upstream implements AsyncDisposable {
  /** Those whose head is here, in the order in which they came. */
  readonly requests: UpstreamRequest[] = [];
  /** Everything that was ever received, on all connections. */
  readonly received: Buffer[] = [];
  readonly sockets = new Set<Socket>();
  /** Connections that were ever accepted. */
  accepted = 0;
  private server!: Server;

  constructor(
    private readonly handler: Handler,
    private readonly options: UpstreamOptions,
  ) {}

  async listen(): Promise<this> {
    const { tls } = this.options;
    const accept = (socket: Socket): void => this.accept(socket);
    this.server = tls ? createTlsServer({ ...tls }, accept) : createServer({ allowHalfOpen: false }, accept);
    this.server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => this.server.listen(this.options.port ?? 0, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  get url(): string {
    return `${this.options.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  /** All bytes that ever came, as latin1. */
  get bytes(): string {
    return Buffer.concat(this.received).toString('latin1');
  }

  /** The request of that number, once its head is here. */
  async request(index = 0): Promise<UpstreamRequest> {
    await until(() => this.requests.length > index, `request ${index} is upstream`);
    return this.requests[index]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await within(closed, 'the upstream closes', 1000).catch(() => {});
  }

  private accept(socket: Socket): void {
    this.accepted++;
    this.sockets.add(socket);
    socket.on('error', () => {});
    // Each request on it waits for its close.
    socket.setMaxListeners(0);
    socket.on('close', () => this.sockets.delete(socket));
    if (this.options.onConnection?.(socket) === false) return;
    let bytes = Buffer.alloc(0);
    let current: UpstreamRequest | undefined;
    socket.on('data', (piece: Buffer) => {
      this.received.push(Buffer.from(piece));
      bytes = Buffer.concat([bytes, piece]);
      for (;;) {
        const message = readMessage(bytes, () => false, false, false);
        if (!message) return;
        const fresh = current === undefined;
        current ??= new UpstreamRequest(socket);
        current.message = { ...message, body: Buffer.from(message.body) };
        if (fresh) this.requests.push(current);
        const begun = current;
        if (message.complete) {
          bytes = bytes.subarray(message.size);
          current = undefined;
        }
        if (fresh) void this.handler(begun, this.requests.length - 1);
        if (!message.complete) return;
      }
    });
  }
}

/** An upstream on a port of its own; without a handler it answers `200 ok` once a request is whole. */
export function startUpstream(handler: Handler = ok, options: UpstreamOptions = {}): Promise<Upstream> {
  return new Upstream(handler, options).listen();
}

/** Answers `200 ok` once the request is whole. */
export async function ok(request: UpstreamRequest): Promise<void> {
  await request.whole();
  if (request.message.complete) request.answer(200, 'ok');
}
