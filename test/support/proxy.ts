import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** What a proxy was asked, by its first line and headers. */
export interface ProxyRequest {
  readonly start: string;
  readonly authorization: string | undefined;
}

/** A small real http proxy: absolute-form requests and CONNECT tunnels. */
export class Proxy implements AsyncDisposable {
  readonly requests: ProxyRequest[] = [];
  private readonly sockets = new Set<Socket>();
  private server!: Server;

  /** @param credentials - `user:password`; others get 407 */
  constructor(
    private readonly credentials: string,
    private readonly tls?: { readonly cert: string; readonly key: string },
  ) {}

  async listen(): Promise<this> {
    const accept = (socket: Socket): void => this.accept(socket);
    this.server = this.tls ? createTlsServer({ ...this.tls }, accept) : createServer(accept);
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private accept(socket: Socket): void {
    this.track(socket);
    let bytes = Buffer.alloc(0);
    const take = (piece: Buffer): void => {
      bytes = Buffer.concat([bytes, piece]);
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', take);
      this.serve(socket, bytes.toString('latin1', 0, end), bytes.subarray(end + 4));
    };
    socket.on('data', take);
  }

  private serve(socket: Socket, head: string, rest: Buffer): void {
    const [start = '', ...lines] = head.split('\r\n');
    const authorization = lines.find((line) => /^proxy-authorization:/i.test(line))?.split(': ')[1];
    this.requests.push({ start, authorization });
    if (authorization !== `Basic ${Buffer.from(this.credentials).toString('base64')}`) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const [method, target = ''] = start.split(' ');
    const { hostname, port } = new URL(method === 'CONNECT' ? `http://${target}` : target);
    const onward = this.track(connect(Number(port), hostname));
    if (method === 'CONNECT') {
      onward.once('connect', () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    } else {
      const kept = lines.filter((line) => !/^proxy-/i.test(line));
      onward.write(
        Buffer.from([start.replace(/http:\/\/[^/]+/, ''), ...kept, '', ''].join('\r\n'), 'latin1'),
      );
    }
    onward.write(rest);
    socket.pipe(onward);
    onward.pipe(socket);
  }

  private track(socket: Socket): Socket {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
    return socket;
  }
}

/** A proxy on a port of its own that takes these credentials only. */
export const startProxy = (credentials: string, tls?: { cert: string; key: string }): Promise<Proxy> =>
  new Proxy(credentials, tls).listen();
