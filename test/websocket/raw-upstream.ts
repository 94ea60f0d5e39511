import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { until } from '../support/until.ts';
import { acceptOf, type Frame, frame, takeFrame } from './frames.ts';

/** A WebSocket upstream's end of one connection, in bytes. */
export class RawPeer {
  /** What came after the handshake. */
  readonly frames: Frame[] = [];
  closed = false;
  private rest: Buffer = Buffer.alloc(0);

  constructor(
    readonly socket: Socket,
    /** The handshake's head. */
    readonly head: string,
  ) {}

  /** Reads `bytes` as frames. */
  take(bytes: Buffer): void {
    this.rest = Buffer.concat([this.rest, bytes]);
    for (let next = takeFrame(this.rest); next; next = takeFrame(this.rest)) {
      this.frames.push(next.frame);
      this.rest = next.rest;
    }
  }

  send(...args: Parameters<typeof frame>): this {
    this.socket.write(frame(...args));
    return this;
  }

  header(name: string): string | undefined {
    return new RegExp(`^${name}: *(.*)$`, 'im').exec(this.head)?.[1]?.trim();
  }
}

interface RawUpstreamOptions {
  /** Called after the handshake, before anything is read. */
  readonly joined?: (peer: RawPeer) => unknown;
  /** Answers the handshake otherwise than with 101. */
  readonly refuse?: (head: string) => string;
  /** The sub-protocol that is chosen, from what was offered. */
  readonly choose?: (offered: string | undefined) => string | undefined;
  /** Serves wss with these PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** An upstream that speaks WebSocket byte by byte, so that it can speak it badly. */
export async function startRawUpstream({ joined, refuse, choose, tls }: RawUpstreamOptions) {
  const peers: RawPeer[] = [];
  const sockets = new Set<Socket>();
  const heads: string[] = [];
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    let before = Buffer.alloc(0);
    let peer: RawPeer | undefined;
    socket.on('error', () => {});
    socket.on('close', () => {
      if (peer) peer.closed = true;
    });
    socket.on('data', (bytes: Buffer) => {
      if (peer) return peer.take(bytes);
      before = Buffer.concat([before, bytes]);
      const end = before.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = before.toString('latin1', 0, end);
      heads.push(head);
      if (refuse) return void socket.write(refuse(head));
      peer = new RawPeer(socket, head);
      const chosen = choose?.(peer.header('Sec-WebSocket-Protocol'));
      const protocol = chosen === undefined ? '' : `Sec-WebSocket-Protocol: ${chosen}\r\n`;
      const accept = acceptOf(peer.header('Sec-WebSocket-Key') ?? '');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          `Sec-WebSocket-Accept: ${accept}\r\n${protocol}\r\n`,
      );
      peer.take(before.subarray(end + 4));
      peers.push(peer);
      void joined?.(peer);
    });
  };
  const server = tls ? createTlsServer(tls, serve) : createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    peers,
    heads,
    /** Connections that ever came. */
    get accepted(): number {
      return sockets.size;
    },
    async peer(index = 0): Promise<RawPeer> {
      await until(() => peers.length > index, 'the handshake is upstream');
      return peers[index]!;
    },
    [Symbol.dispose](): void {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
