import { expect, test } from 'bun:test';
import { Client } from '../websocket/client.ts';
import { echo, startWebSocketUpstream } from '../websocket/upstream.ts';
import { startAifd } from '../support/aifd.ts';
import { Dice } from '../support/random.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { until } from '../support/until.ts';
import type { UpstreamRequest } from '../support/upstream.ts';
import {
  chat,
  chatPath,
  chunk,
  delta,
  json,
  jsonType,
  lastChunk,
  limit,
  sseType,
  startWay,
  streamHead,
} from './support.ts';

/** What the upstream may do. A request to `/v1/ok` it answers. */
const upstreamEnds: Record<string, (request: UpstreamRequest) => unknown> = {
  answers: (request) => request.answer(200, '{}', jsonType),
  'answers with an error': (request) => request.answer(500, '{}', jsonType),
  'answers without a body': (request) => request.send('HTTP/1.1 204 No Content\r\n\r\n'),
  streams: (request) => request.send(streamHead + chunk(delta('a').repeat(3)) + lastChunk),
  'streams and never ends': (request) => request.send(streamHead + chunk(delta('a'))),
  'streams much': (request) => request.answer(200, delta('x'.repeat(1000)).repeat(2000), [sseType]),
  'streams and dies': (request) => {
    request.send(streamHead + chunk(delta('a')));
    setTimeout(() => request.die(), 2);
  },
  'says nothing': () => {},
  dies: (request) => request.die(),
  closes: (request) => request.end(),
  'answers nonsense': (request) => request.send('SMTP ready\r\n\r\n'),
  'answers 700': (request) => request.answer(700, 'x'),
  'answers a strange 101': (request) =>
    request.send('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
  'answers before the upload has come': (request) => request.answer(413, 'x'),
};
const clientEnds = [
  'reads',
  'leaves at once',
  'leaves at the answer',
  'leaves in its upload',
  'never reads',
] as const;

async function endSomehow(url: string, kind: string, end: (typeof clientEnds)[number]): Promise<void> {
  const client = await RawClient.open(url);
  const path = `/v1/x?${encodeURIComponent(kind)}`;
  if (end === 'leaves in its upload') {
    client.send(`POST ${path} HTTP/1.1\r\nHost: x\r\n${json}\r\nContent-Length: 99999\r\n\r\n{`);
    await Bun.sleep(2);
    return client.leave();
  }
  client.send(requestBytes(path, chat({ stream: true })));
  if (end === 'leaves at once') return client.leave();
  if (end === 'never reads') {
    client.socket.pause();
    await Bun.sleep(3);
    return client.leave();
  }
  if (end === 'leaves at the answer')
    await until(() => client.log !== '' || client.state !== 'open', 'x', 30).catch(() => {});
  else await client.response('POST', 30).catch(() => {});
  client.leave();
}

const settings: Record<string, Record<string, string>> = {
  plain: {},
  paced: { TOKEN_RATE_LIMIT: limit('5/second', '/') },
  'counted in tokens': { TOKENS_LIMIT: limit('100000000/hour', '/') },
  'retried once': { MAX_RETRIES: '1', RETRY_STATUSES: '500' },
  'of one user': { CONCURRENCY_LIMIT: '0', USER_CONCURRENCY_LIMIT: '2' },
};

test.each(Object.keys(settings))(
  '200 requests that end somehow leave every place free (%s)',
  async (name) => {
    const dice = new Dice(20_261_123);
    await using way = await startWay(
      { CONCURRENCY_LIMIT: '2', QUEUE_SIZE: '1000', QUEUE_TIMEOUT: '0.2', ...settings[name] },
      async (request) => {
        const kind = decodeURIComponent(request.target.split('?')[1] ?? '');
        if (kind !== 'answers before the upload has come') await request.whole();
        (upstreamEnds[kind] ?? upstreamEnds.answers!)(request);
      },
    );
    const kinds = Object.keys(upstreamEnds);
    const endings: string[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        for (let i = 0; i < 10; i++) {
          const [kind, end] = [dice.pick(kinds), dice.pick(clientEnds)];
          endings.push(`${kind} / ${end}`);
          await endSomehow(way.url, kind, end);
        }
      }),
    );
    // Both places: two requests at once, neither of which has to wait for another.
    await until(
      async () => {
        const two = await Promise.all([way.ask('/v1/ok'), way.ask('/v1/ok')]);
        return two.every(({ status }) => status === 200);
      },
      'both places are free',
      5000,
    );
    await expectPlaces(way, 2);
  },
  20_000,
);

/** So many requests are held at the upstream at once: no place was lost, and none was made. */
async function expectPlaces(way: Awaited<ReturnType<typeof startWay>>, count: number): Promise<void> {
  const path = `/v1/hold?${encodeURIComponent('says nothing')}`;
  const before = way.upstream.requests.length;
  const clients = await Promise.all(Array.from({ length: count + 1 }, () => way.begin(path)));
  await until(
    () => way.upstream.requests.length >= before + count,
    'as many are upstream as there are places',
  );
  await way.ask('/healthz');
  expect(way.upstream.requests.length).toBe(before + count);
  for (const client of clients) client.leave();
}

for (const kind of Object.keys(upstreamEnds)) {
  test(`one by one: the upstream ${kind}`, async () => {
    await using way = await startWay(
      { CONCURRENCY_LIMIT: '1', QUEUE_SIZE: '50', QUEUE_TIMEOUT: '3' },
      async (request) => {
        const asked = decodeURIComponent(request.target.split('?')[1] ?? '');
        if (asked !== 'answers before the upload has come') await request.whole();
        (upstreamEnds[asked] ?? upstreamEnds.answers!)(request);
      },
    );
    for (const end of clientEnds) {
      await endSomehow(way.url, kind, end);
      expect({ end, status: (await way.ask('/v1/ok')).status }).toEqual({ end, status: 200 });
    }
  });
}

test('an open WebSocket holds no place', async () => {
  await using upstream = startWebSocketUpstream(echo);
  await using aifd = await startAifd({
    OPENAI_BASE_URL: upstream.url,
    CONCURRENCY_LIMIT: '1',
    QUEUE_SIZE: '0',
    MAX_RETRIES: '0',
  });
  const sockets = [await Client.open(aifd.url), await Client.open(aifd.url)];
  using raw = await RawClient.open(aifd.url);
  expect((await raw.send(requestBytes(chatPath)).response()).status).toBe(400);
  for (const { socket } of sockets) socket.close(1000);
});

test('a WebSocket that is refused upstream, or left in its handshake, frees its place', async () => {
  await using way = await startWay({ CONCURRENCY_LIMIT: '1', QUEUE_TIMEOUT: '3' }, async (request, index) => {
    if (!request.header('upgrade') || index % 2 === 0) request.answer(403, 'no');
  });
  const shake = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];
  for (let i = 0; i < 20; i++) {
    const seen = way.upstream.requests.length;
    const client = await way.begin('/v1/realtime', { headers: shake });
    await way.upstream.request(seen);
    client.leave();
  }
  expect((await way.ask('/v1/ok')).status).toBe(403);
});
