import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect, test } from 'bun:test';
import { forwardingTo, spawnAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { until } from '../support/until.ts';

const MB = 1024 * 1024;
const LIMIT = 64 * MB;

/** An upstream that keeps nothing of what it is sent. */
async function listen(onConnection: (socket: Socket) => void) {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    [Symbol.dispose]: () => void server.close(),
  };
}

/** Writes `total` bytes, as fast as they are taken. */
async function pour(
  socket: Socket,
  total: number,
  onWritten: (bytes: number) => void = () => {},
): Promise<void> {
  const piece = Buffer.alloc(256 * 1024, 'x');
  for (let left = total; left > 0 && !socket.destroyed; left -= piece.length) {
    const bytes = Math.min(left, piece.length);
    if (!socket.write(piece.subarray(0, bytes))) await drained(socket);
    onWritten(bytes);
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      socket.off('drain', go).off('close', go);
      resolve();
    };
    socket.on('drain', go).on('close', go);
  });
}

const open = async (url: string): Promise<Socket> => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
};

async function warmUp(aifd: Awaited<ReturnType<typeof spawnAifd>>): Promise<number> {
  for (let i = 0; i < 20; i++) await ask(aifd.url, '/warm', { method: 'POST', body: '{}' });
  return await aifd.peakMemory();
}

test.each(['Content-Length: 314572800', 'Transfer-Encoding: chunked'])(
  'an upload of 300 MB to an upstream that reads slowly at first (%s)',
  async (framing) => {
    const total = 300 * MB;
    let received = 0;
    using upstream = await listen((socket) => {
      socket.on('data', (piece: Buffer) => {
        if (piece.includes('/warm'))
          return void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        const first = received === 0;
        received += piece.length;
        if (first) {
          // Long enough for aifd to take in all that it would hold.
          socket.pause();
          setTimeout(() => socket.resume(), 1500);
        }
        if (received >= total && !socket.writableEnded)
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    await using aifd = await spawnAifd(forwardingTo(upstream.url));
    const before = await warmUp(aifd);
    const client = await open(aifd.url);
    let answer = '';
    client.on('data', (piece: Buffer) => (answer += piece.toString()));
    client.write(`POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Type: audio/mpeg\r\n${framing}\r\n\r\n`);
    // One chunk of all of it: the coding is the client's affair.
    if (framing.startsWith('Transfer')) client.write(`${total.toString(16)}\r\n`);
    await pour(client, total);
    if (framing.startsWith('Transfer')) client.write('\r\n0\r\n\r\n');
    await until(() => answer.includes('200 OK'), 'the upload is answered', 20_000);
    client.destroy();
    const more = (await aifd.peakMemory()) - before;
    console.log(`${Math.round(more / MB)} MB more at the peak`);
    expect(more).toBeLessThan(LIMIT);
  },
  40_000,
);

test.each(['length', 'chunked', 'close'])(
  'an answer of 400 MB (framed by %s) to a client that reads slowly',
  async (framing) => {
    const total = 400 * MB;
    let sent = 0;
    using upstream = await listen((socket) => {
      socket.on('data', (piece: Buffer) => {
        if (piece.includes('/warm'))
          return void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        const heads: Record<string, string> = {
          length: `Content-Length: ${total}\r\n\r\n`,
          chunked: `Transfer-Encoding: chunked\r\n\r\n${total.toString(16)}\r\n`,
          close: '\r\n',
        };
        socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n${heads[framing]}`);
        void pour(socket, total, (bytes) => (sent += bytes)).then(() =>
          socket.end(framing === 'chunked' ? '\r\n0\r\n\r\n' : ''),
        );
      });
    });
    await using aifd = await spawnAifd(forwardingTo(upstream.url));
    const before = await warmUp(aifd);
    const client = await open(aifd.url);
    let received = 0;
    client.on('data', (piece: Buffer) => {
      const first = received === 0;
      received += piece.length;
      if (!first) return;
      // Long enough for aifd to take in all that it would hold.
      client.pause();
      setTimeout(() => client.resume(), 1500);
    });
    client.write('GET /v1/files/content HTTP/1.1\r\nHost: a\r\n\r\n');
    await Bun.sleep(1200);
    // The upstream is held back: what went out stands in the sockets' buffers.
    expect(sent).toBeLessThan(total / 4);
    await until(() => received >= total, 'the answer is here', 20_000);
    client.destroy();
    const more = (await aifd.peakMemory()) - before;
    console.log(`${Math.round(more / MB)} MB more at the peak`);
    expect(more).toBeLessThan(LIMIT);
  },
  40_000,
);
