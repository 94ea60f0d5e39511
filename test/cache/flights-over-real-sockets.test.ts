import { expect, test } from 'bun:test';
import { toResponse } from '../../src/gateway/answer.ts';
import { Flights } from '../../src/gateway/cache/flights.ts';
import type { Exchange } from '../../src/gateway/exchange.ts';
import { WireClient } from '../../src/gateway/upstream/wire/client.ts';
import { WireFailure } from '../../src/gateway/upstream/wire/failure.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { until, within } from '../support/until.ts';
import { startUpstream, type UpstreamRequest } from '../support/upstream.ts';

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
const noLimits = { connectTimeout: 0, firstByteTimeout: 0, idleTimeout: 0, totalTimeout: 0, maxBodySize: 0 };

const edge = { liftIdleLimit() {}, limitStall() {}, restoreIdleLimit() {} };
const unlimited = { ticket: undefined, cache: undefined, edge } as unknown as Exchange;

/** Clients, flights and an upstream, with real sockets between them. */
async function startFlights(mostKept = 1e6) {
  const upstream = await startUpstream(() => {});
  const flights = new Flights(mostKept);
  const { port } = upstream;
  const origin = { protocol: 'http:', hostname: '127.0.0.1', port, proxy: undefined } as const;
  const wire = new WireClient(origin, noLimits);
  const kept: string[] = [];
  const outcomes: string[] = [];
  const seen = { requests: 0 };
  const server = Bun.serve({
    port: 0,
    idleTimeout: 0,
    development: false,
    // A body that was cut: the client is told by a reset.
    error: () => undefined,
    async fetch(request) {
      seen.requests++;
      const { outcome } = await flights.fly(
        'key',
        request,
        (client) =>
          wire
            .send(
              {
                method: 'GET',
                path: '/',
                headers: '',
                body: { kind: 'none' },
                started: performance.now(),
                client,
                upgrade: false,
              },
              false,
            )
            .catch((error: unknown) => error as WireFailure),
        (_, whole) => void kept.push(Buffer.from(whole).toString()),
      );
      outcomes.push(outcome instanceof WireFailure ? outcome.kind : 'answer');
      if (outcome instanceof WireFailure) return new Response(outcome.kind, { status: 502 });
      return toResponse(outcome, unlimited) ?? new Response(null, { status: 502 });
    },
  });
  return {
    upstream,
    flights,
    kept,
    outcomes,
    /** A client whose request has come. */
    async come(): Promise<RawClient> {
      const before = seen.requests;
      const client = (await RawClient.open(server.url.href)).send(requestBytes('/'));
      await until(() => seen.requests > before, 'the request comes');
      return client;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await server.stop(true);
      await upstream[Symbol.asyncDispose]();
    },
  };
}

/** How long the upstream was held on to, ms. */
async function goneAfter(request: UpstreamRequest, act: () => void): Promise<number> {
  const since = performance.now();
  act();
  await within(request.gone, 'the upstream is let go');
  return performance.now() - since;
}

test('200 at once are one request upstream, and late ones go on live', async () => {
  await using way = await startFlights();
  const clients = await Promise.all(Array.from({ length: 200 }, () => way.come()));
  const request = await way.upstream.request();
  request.send(head + chunk('one '));
  await Promise.all(clients.map((client) => client.seen('one ')));
  clients.push(await way.come());
  await clients.at(-1)!.seen('one ');
  request.send(chunk('two'));
  await Promise.all(clients.map((client) => client.seen('two')));
  request.send('0\r\n\r\n');
  for (const client of clients) {
    const response = await client.response();
    expect(response).toMatchObject({ text: 'one two', complete: true });
    client.leave();
  }
  expect(way.upstream.requests.length).toBe(1);
  expect(way.kept).toEqual(['one two']);
}, 20_000);

test.each(['before', 'after'])('the upstream is let go when the last has left, %s the head', async (when) => {
  await using way = await startFlights();
  const clients = [await way.come(), await way.come(), await way.come()];
  const request = await way.upstream.request();
  if (when === 'after') {
    request.send(head + chunk('one'));
    for (const client of clients) await client.seen('one');
  }
  let gone = false;
  void request.gone.then(() => (gone = true));
  clients[0]!.leave();
  clients[2]!.leave();
  if (when === 'before') await until(() => way.outcomes.length === 2, 'two are told');
  else request.send(chunk('two'));
  if (when === 'after') await clients[1]!.seen('two');
  expect(gone).toBe(false);
  // A tick of the wire's and room for a busy machine.
  expect(await goneAfter(request, () => clients[1]!.leave())).toBeLessThan(300);
  expect(way.flights.size).toBe(0);
  expect(way.kept).toEqual([]);
});

test('a client that was gone before its answer is no reader', async () => {
  await using way = await startFlights();
  const [gone, stayer] = [await way.come(), await way.come()];
  const request = await way.upstream.request();
  gone.leave();
  request.send(head + chunk('one'));
  await stayer.seen('one');
  expect(await goneAfter(request, () => stayer.leave())).toBeLessThan(300);
});

test('an upstream that dies in the middle is seen by all, behind what came', async () => {
  await using way = await startFlights();
  const clients = [await way.come(), await way.come()];
  const request = await way.upstream.request();
  request.send(head + chunk('one'));
  for (const client of clients) await client.seen('one');
  request.die();
  for (const client of clients) {
    const response = await client.response();
    expect(response).toMatchObject({ text: 'one', complete: false });
  }
  expect(way.kept).toEqual([]);
  using next = await way.come();
  expect(next.state).toBe('open');
  await way.upstream.request(1);
});

test('a client that does not read holds back the upstream, and nobody loses a byte', async () => {
  await using way = await startFlights(1e6);
  using fast = await way.come();
  using stuck = await way.come();
  stuck.socket.pause();
  const request = await way.upstream.request();
  const size = 40 * 2 ** 20;
  const body = Buffer.alloc(size, 'x');
  request.send(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: ${size}\r\n\r\n`);
  let received = 0;
  fast.socket.removeAllListeners('data');
  fast.socket.on('data', (piece) => (received += piece.length));
  request.socket.write(body);
  let last = -1;
  // It comes to a stand before the end: the same count twice, a while apart.
  await until(async () => {
    const same = last === received && received > 0;
    last = received;
    if (!same) await Bun.sleep(300);
    return same;
  });
  expect(received).toBeLessThan(size);
  stuck.socket.removeAllListeners('data');
  let late = 0;
  stuck.socket.on('data', (piece) => (late += piece.length));
  stuck.socket.resume();
  await until(() => received > size && late > size, 'both have all', 20_000);
}, 30_000);
