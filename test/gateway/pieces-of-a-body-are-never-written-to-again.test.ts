import { expect, test } from 'bun:test';
import { WireClient } from '../../src/gateway/upstream/wire/client.ts';
import { until } from '../support/until.ts';

/** Listeners of a body keep its pieces: a runtime that reads into the same memory again would change what they hold. */
test('what was read from an upstream stays as it was, however much is read after it', async () => {
  const parts = Array.from({ length: 60 }, (_, i) => Buffer.alloc(1 + i * 997, i + 1));
  const whole = Buffer.concat(parts);
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${whole.length}\r\n\r\n`;
  const upstream = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      async data(socket) {
        socket.write(head);
        for (const part of parts) {
          for (let sent = 0; sent < part.length; sent += Math.max(0, socket.write(part.subarray(sent))))
            await new Promise(setImmediate);
        }
      },
    },
  });
  const origin = { protocol: 'http:', hostname: '127.0.0.1', port: upstream.port, proxy: undefined } as const;
  const none = {
    connectTimeout: 0,
    firstByteTimeout: 0,
    idleTimeout: 0,
    totalTimeout: 0,
    maxBodySize: 0,
  };
  const client = new WireClient(origin, none);
  const { signal } = new AbortController();
  const kept: Uint8Array[] = [];
  let ended = false;
  const request = {
    method: 'GET',
    path: '/',
    headers: '',
    started: performance.now(),
    client: { signal },
    upgrade: false,
  };
  const { body } = await client.send({ ...request, body: { kind: 'none' } }, true);
  body.listen({ chunk: (piece) => kept.push(piece), end: () => (ended = true) });
  void body.pipe({ write() {}, flush() {}, end() {}, close() {} });
  await until(() => ended);
  expect(kept.length).toBeGreaterThan(1);
  expect(Buffer.concat(kept).equals(whole)).toBe(true);
  client.close();
  upstream.stop(true);
});
