import { RawClient, type RawResponse, requestBytes } from '../support/raw.ts';
import { until, within } from '../support/until.ts';

/** A WebSocket client that keeps what came. */
export class Client implements Disposable {
  readonly messages: (string | Buffer)[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(readonly socket: WebSocket) {
    socket.binaryType = 'nodebuffer';
    socket.addEventListener('message', ({ data }) => this.messages.push(data as string | Buffer));
    this.closed = new Promise((resolve) => {
      socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }));
    });
  }

  /** Resolves once it is open. */
  static async open(
    url: string,
    options: { path?: string; headers?: Record<string, string>; protocols?: string[] } = {},
  ): Promise<Client> {
    const { path = '/v1/realtime', ...rest } = options;
    const client = new Client(new WebSocket(url.replace('http', 'ws') + path, rest as never));
    const opened = new Promise<void>((resolve) => client.socket.addEventListener('open', () => resolve()));
    const refused = client.closed.then(({ code }) => Promise.reject(new Error(`refused: ${code}`)));
    refused.catch(() => {});
    await within(Promise.race([opened, refused]), 'the WebSocket opens');
    return client;
  }

  /** Resolves once so many messages came. */
  async received(count: number, withinMs = 5000): Promise<(string | Buffer)[]> {
    await until(() => this.messages.length >= count, `${count} messages come`, withinMs);
    return this.messages;
  }

  end(): Promise<{ code: number; reason: string }> {
    return within(this.closed, 'the WebSocket closes');
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}

const handshake = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

/** The answer to a handshake in bytes, and the connection it came on. */
export async function shakeHands(
  url: string,
  path = '/v1/realtime',
  headers: readonly string[] = [],
): Promise<{ raw: RawClient; response: RawResponse } & Disposable> {
  const raw = await RawClient.open(url);
  const request = requestBytes(path, { headers: [...handshake, ...headers] });
  const response = await raw.send(request).response();
  return { raw, response, [Symbol.dispose]: () => raw.leave() };
}
