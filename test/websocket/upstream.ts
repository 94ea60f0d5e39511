import type { ServerWebSocket } from 'bun';
import { until } from '../support/until.ts';

type Socket = ServerWebSocket<{ request: Request }>;

interface Handlers {
  readonly open?: (socket: Socket) => unknown;
  readonly message?: (socket: Socket, message: string | Buffer) => unknown;
}

/** A WebSocket upstream on Bun's own server, that keeps what came. */
export function startWebSocketUpstream({ open, message }: Handlers = {}) {
  const sockets: Socket[] = [];
  const requests: Request[] = [];
  const messages: (string | Buffer)[] = [];
  const ends: { code: number; reason: string }[] = [];
  const server = Bun.serve<{ request: Request }>({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request, self) {
      requests.push(request);
      return self.upgrade(request, { data: { request } }) ? undefined : new Response('no', { status: 400 });
    },
    websocket: {
      maxPayloadLength: 32 * 1024 * 1024,
      backpressureLimit: 512 * 1024 * 1024,
      open(socket) {
        sockets.push(socket);
        void open?.(socket);
      },
      message(socket, data) {
        messages.push(typeof data === 'string' ? data : Buffer.from(data));
        void message?.(socket, data);
      },
      close: (_socket, code, reason) => void ends.push({ code, reason }),
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    sockets,
    requests,
    messages,
    async received(count: number, withinMs = 5000): Promise<(string | Buffer)[]> {
      await until(() => messages.length >= count, `${count} messages are upstream`, withinMs);
      return messages;
    },
    /** How the first socket ended, once it has. */
    async end(): Promise<{ code: number; reason: string }> {
      await until(() => ends.length > 0, 'the socket upstream ends');
      return ends[0]!;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await server.stop(true);
    },
  };
}

/** Sends back what comes. */
export const echo: Handlers = { message: (socket, data) => socket.send(data) };
