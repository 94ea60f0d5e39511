import { expect, test } from 'bun:test';
import { Connection } from '../../src/gateway/upstream/wire/connection.ts';
import { Deadlines } from '../../src/gateway/upstream/wire/deadlines.ts';
import type { WireFailure } from '../../src/gateway/upstream/wire/failure.ts';

const none = { firstByte: 0, idle: 0, total: 0 };
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A connection on a socket that takes as many bytes as `room` says. */
function connected() {
  const socket = { room: Infinity, taken: '', state: 'open' };
  const released: Connection[] = [];
  const connection = new Connection({
    deadlines: new Deadlines(),
    released: (one) => released.push(one),
    closed: () => {},
  });
  connection.socket = {
    write(bytes) {
      const piece = bytes.subarray(0, Math.min(bytes.length, socket.room));
      socket.room -= piece.length;
      socket.taken += Buffer.from(piece).toString();
      return piece.length;
    },
    end: () => (socket.state = 'ended'),
    terminate: () => (socket.state = 'terminated'),
    pause() {},
    resume() {},
  };
  const begin = () =>
    connection.begin(
      { method: 'POST', started: 0, client: { signal: new AbortController().signal }, upgrade: false },
      none,
    );
  return {
    socket,
    released,
    connection,
    begin,
    comes: (text: string) => connection.onData(Buffer.from(text)),
    send: (text: string) => connection.send(Buffer.from(text)),
  };
}

const failureOf = (answer: Promise<unknown>): Promise<WireFailure> =>
  answer.then(
    () => {
      throw new Error('it was answered');
    },
    (error: unknown) => error as WireFailure,
  );

test('bytes before any request close it', () => {
  const { connection, socket, comes } = connected();
  comes(ok);
  expect([connection.open, socket.state]).toEqual([false, 'terminated']);
});

test('a response before a byte of the request went out is no response', async () => {
  const { begin, comes, send, socket } = connected();
  socket.room = 0;
  const answer = failureOf(begin());
  void send('POST');
  comes(ok);
  expect(await answer).toMatchObject({ kind: 'invalid_response', staleConnection: false });
});

test('one that closes before a byte of the request went out is stale, however old', async () => {
  const { begin, connection, send, socket } = connected();
  socket.room = 0;
  const answer = failureOf(begin());
  void send('POST');
  await Bun.sleep(15);
  connection.onClose(undefined);
  expect(await answer).toMatchObject({ kind: 'disconnected', staleConnection: true });
});

test('what is sent while bytes wait goes out behind them, and all who wait are told', async () => {
  const { begin, connection, send, socket } = connected();
  void failureOf(begin());
  socket.room = 2;
  const waits = [send('first '), send('second '), send('third')];
  expect(socket.taken).toBe('fi');
  socket.room = 8;
  connection.onDrain();
  expect(socket.taken).toBe('first seco');
  socket.room = Infinity;
  connection.onDrain();
  expect(socket.taken).toBe('first second third');
  await Promise.all(waits);
});

test('a response that is whole before the request is closes it, though all of the request was handed over', async () => {
  const { begin, connection, comes, send, socket, released } = connected();
  const answer = begin();
  socket.room = 4;
  void send('POST and more');
  connection.sent();
  comes(ok);
  expect((await answer).head.status).toBe(200);
  expect([connection.open, socket.state, released.length]).toEqual([false, 'terminated', 0]);
});

test('when the rest went out meanwhile, it is used again', async () => {
  const { begin, connection, comes, send, socket, released } = connected();
  const answer = begin();
  socket.room = 4;
  void send('POST and more');
  connection.sent();
  comes(ok.slice(0, -1));
  socket.room = Infinity;
  connection.onDrain();
  comes('k');
  expect((await answer).head.status).toBe(200);
  expect([connection.open, released.length]).toEqual([true, 1]);
});

test('an end of the stream while it is idle closes it at once', async () => {
  const { begin, connection, comes, send, socket } = connected();
  const answer = begin();
  void send('POST');
  connection.sent();
  comes(ok);
  await answer;
  connection.onEnd();
  expect([connection.open, socket.state]).toEqual([false, 'ended']);
});
