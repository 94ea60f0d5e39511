import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Message, readMessage, values } from './message.ts';
import { until } from './until.ts';

/** An answer as its bytes say it. */
export class RawResponse {
  constructor(
    readonly message: Message,
    /** How the connection stood when it was read: a cut answer is not `complete`. */
    readonly connection: 'open' | 'end' | 'reset',
  ) {}

  get status(): number {
    return Number(this.message.start.split(' ')[1]);
  }

  get complete(): boolean {
    return this.message.complete;
  }

  get body(): Buffer {
    return this.message.body;
  }

  get text(): string {
    return this.message.body.toString();
  }

  json(): unknown {
    return JSON.parse(this.text);
  }

  header(name: string): string | undefined {
    return this.all(name)[0];
  }

  all(name: string): string[] {
    return values(this.message, name);
  }
}

/** A client of raw bytes. */
export class RawClient implements Disposable {
  /** What came and was not taken by {@link response} yet. */
  bytes = Buffer.alloc(0);
  /** Everything that ever came, as latin1. */
  log = '';
  state: 'open' | 'end' | 'reset' = 'open';

  private constructor(readonly socket: Socket) {
    socket.on('data', (piece: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, piece]);
      this.log += piece.toString('latin1');
    });
    socket.on('error', () => (this.state = 'reset'));
    socket.on('end', () => {
      if (this.state === 'open') this.state = 'end';
    });
    socket.on('close', () => {
      if (this.state === 'open') this.state = 'end';
    });
  }

  static async open(url: string): Promise<RawClient> {
    const { protocol, hostname, port } = new URL(url);
    const host = hostname === 'localhost' ? '127.0.0.1' : hostname;
    const options = { host, port: Number(port), rejectUnauthorized: false };
    const secure = protocol === 'https:';
    const socket = secure ? connectTls(options) : connectPlain({ ...options, allowHalfOpen: true });
    const client = new RawClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once(secure ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  send(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /**
   * The next answer: whole, or as far as it came when the connection closed; interim ones are passed over.
   * @param method - of the request: HEAD has no body
   */
  async response(method = 'GET', withinMs = 10_000): Promise<RawResponse> {
    const bodiless = (start: string): boolean =>
      method === 'HEAD' || /^HTTP\/1\.1 (1\d\d|204|304)/.test(start);
    const read = (): Message | undefined => readMessage(this.bytes, bodiless, true, this.state === 'end');
    const message = await until(
      () => {
        const now = read();
        if (now?.complete || this.state !== 'open') return now ?? 'nothing';
        return undefined;
      },
      'an answer comes, or the connection closes',
      withinMs,
    );
    if (message === 'nothing')
      throw new Error(`closed (${this.state}) without an answer: ${this.bytes.toString()}`);
    this.bytes = this.bytes.subarray(message.size);
    const response = new RawResponse(message, this.state);
    return response.status < 200 && response.status !== 101 ? this.response(method, withinMs) : response;
  }

  /** Resolves once `text` came. */
  async seen(text: string): Promise<void> {
    await until(() => this.log.includes(text), `${JSON.stringify(text)} comes`);
  }

  /** How the connection ended, once it has. */
  async ended(withinMs = 5000): Promise<'end' | 'reset'> {
    await until(() => this.state !== 'open', 'the connection closes', withinMs);
    return this.state as 'end' | 'reset';
  }

  /** Leaves without a word. */
  leave(): void {
    this.socket.destroy();
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

export interface Asked {
  readonly method?: string;
  /** Lines without CRLF; `Host` is added unless it is there. */
  readonly headers?: readonly string[];
  /** Its Content-Length is added. */
  readonly body?: string | Uint8Array;
}

/** A request's bytes. `target` goes verbatim. */
export function requestBytes(target: string, { method = 'GET', headers = [], body }: Asked = {}): Buffer {
  const lines = [`${method} ${target} HTTP/1.1`];
  if (!headers.some((line) => /^host:/i.test(line))) lines.push('Host: aifd.test');
  lines.push(...headers);
  const bytes = body === undefined ? undefined : Buffer.from(body as string);
  if (bytes) lines.push(`Content-Length: ${bytes.length}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes ?? Buffer.alloc(0)]);
}

/** One request on a connection of its own. */
export async function ask(url: string, target: string, asked: Asked = {}): Promise<RawResponse> {
  using client = await RawClient.open(url);
  return await client.send(requestBytes(target, asked)).response(asked.method);
}

/** Like {@link ask}, with the bytes given whole. */
export async function askRaw(url: string, bytes: string | Uint8Array, method = 'GET'): Promise<RawResponse> {
  using client = await RawClient.open(url);
  return await client.send(bytes).response(method);
}
