import { connect, type Socket } from 'node:net';
import { clientMask, frame, op } from './frames.ts';

const MiB = 1024 * 1024;
/** What one side tries to send. */
export const FLOOD = 500 * MiB;
/** What aifd may grow by while the other side does not read. */
export const ALLOWED = 64 * MiB;

/** Bytes that a process holds now. */
export async function memoryOf(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** Sends messages until `FLOOD` bytes are out, as fast as the socket takes them. */
export function flood(socket: Socket, from: 'client' | 'upstream') {
  const payload = Buffer.alloc(64 * 1024, 'x');
  const message = frame(op.binary, payload, from === 'client' ? { mask: clientMask } : {});
  const state = { sent: 0, ended: false };
  socket.on('close', () => (state.ended = true));
  const write = (): void => {
    while (state.sent < FLOOD && !state.ended) {
      state.sent += payload.length;
      if (!socket.write(message)) return void socket.once('drain', write);
    }
  };
  write();
  return state;
}

/** Resolves when `state.sent` has not grown for a while: whoever takes it has stopped, or all is out. */
export async function stalled(state: { sent: number; ended: boolean }): Promise<void> {
  for (let last = -1, quiet = 0; quiet < 10; last = state.sent) {
    quiet = state.sent === last ? quiet + 1 : 0;
    await Bun.sleep(50);
  }
}

/** A client's socket after its handshake, paused: it reads nothing more. */
export async function joinPaused(url: string): Promise<Socket> {
  const { port } = new URL(url);
  const socket = connect({ host: '127.0.0.1', port: Number(port) });
  socket.on('error', () => {});
  socket.write(
    'GET /v1/realtime HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const answer = await new Promise<Buffer>((resolve) => {
    socket.once('data', (bytes: Buffer) => {
      socket.pause();
      resolve(bytes);
    });
  });
  if (!answer.includes(' 101 ')) throw new Error(`refused: ${answer.toString()}`);
  return socket;
}
