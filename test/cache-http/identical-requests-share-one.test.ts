import { expect, test } from 'bun:test';
import { ask } from '../support/raw.ts';
import { until } from '../support/until.ts';
import {
  answerStream,
  asks,
  begin,
  chat,
  chatPath,
  chunk,
  doneEvent,
  event,
  events,
  expectHit,
  expectNotKept,
  json,
  jsonType,
  lastChunk,
  numbered,
  settled,
  startCached,
  statusOf,
  streamHead,
} from './support.ts';

const waiting = { handler: async (request: { whole(): Promise<unknown> }) => void (await request.whole()) };

for (const isStream of [false, true]) {
  test(`200 at once are one request upstream (stream ${isStream})`, async () => {
    await using way = await startCached({}, async (request, index) => {
      await request.whole();
      await Bun.sleep(150);
      if (isStream)
        answerStream(
          request,
          event(`answer ${index}`),
          ...Array.from({ length: 50 }, (_, i) => event(`${i}`)),
          event('', 'stop'),
          doneEvent,
        );
      else request.answer(200, numbered(index), jsonType);
    });
    const asked = chat({ stream: isStream });
    const all = await Promise.all(Array.from({ length: 200 }, () => ask(way.url, chatPath, asked)));
    expect(asks(way)).toBe(1);
    expect(new Set(all.map(({ text }) => text)).size).toBe(1);
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
    expect(all.every(({ complete }) => complete)).toBe(true);
    expect(all.filter((one) => statusOf(one) === 'aifd; fwd=uri-miss; stored')).toHaveLength(1);
    expect(new Set(all.map((one) => one.header('x-request-id'))).size).toBe(200);
    await settled();
    expectHit(await way.ask(chatPath, asked));
  }, 30_000);
}

test('who comes late gets what came already, then goes on live, byte for byte', async () => {
  await using way = await startCached({}, waiting.handler);
  const asked = chat({ stream: true });
  const clients = [await begin(way.url, asked)];
  const flight = await way.upstream.request(0);
  flight.send(streamHead);
  for (let i = 0; i < 20; i++) {
    flight.send(chunk(event(`piece ${i}`)));
    for (const client of clients) await client.seen(`piece ${i}"`);
    clients.push(await begin(way.url, asked));
  }
  flight
    .send(chunk(event('', 'stop')))
    .send(chunk(doneEvent))
    .send(lastChunk);
  const all = [];
  for (const client of clients) all.push((await client.response('POST')).text);
  expect(new Set(all).size).toBe(1);
  expect(all[0]).toBe(events(...Array.from({ length: 20 }, (_, i) => `piece ${i}`)));
  expect(asks(way)).toBe(1);
  for (const client of clients) client.leave();
});

test('each goes at its own speed: one that reads nothing holds back nobody', async () => {
  await using way = await startCached({ CACHE_MAX_ENTRY_SIZE: '16mb' }, waiting.handler);
  const asked = chat({ stream: true });
  const stalled = await begin(way.url, asked);
  const flight = await way.upstream.request(0);
  flight.send(streamHead).send(chunk(event('first')));
  await stalled.seen('first');
  stalled.socket.pause();
  const others = [await begin(way.url, asked), await begin(way.url, asked)];
  const big = event('x'.repeat(100_000));
  for (let i = 0; i < 100; i++) flight.send(chunk(big));
  flight
    .send(chunk(event('', 'stop')))
    .send(chunk(doneEvent))
    .send(lastChunk);
  const bodies = [];
  for (const other of others) bodies.push((await other.response('POST', 30_000)).body);
  expect(bodies[0]!.length).toBeGreaterThan(10_000_000);
  expect(bodies[0]!.equals(bodies[1]!)).toBe(true);
  stalled.socket.resume();
  expect((await stalled.response('POST', 30_000)).body.equals(bodies[0]!)).toBe(true);
  expect(asks(way)).toBe(1);
  for (const client of [stalled, ...others]) client.leave();
}, 60_000);

for (const isStream of [false, true]) {
  test(`the upstream is let go only when the last has left (stream ${isStream})`, async () => {
    await using way = await startCached({}, waiting.handler);
    const asked = chat({ stream: isStream });
    const clients = [await begin(way.url, asked)];
    const flight = await way.upstream.request(0);
    let isGone = false;
    void flight.gone.then(() => (isGone = true));
    for (let i = 0; i < 3; i++) clients.push(await begin(way.url, asked));
    await settled();
    if (isStream) {
      flight.send(streamHead).send(chunk(event('one')));
      for (const client of clients) await client.seen('one');
    }
    for (const client of clients.slice(0, 3)) {
      client.leave();
      await settled();
      expect(isGone).toBe(false);
    }
    clients[3]!.leave();
    await until(() => isGone, 'the upstream is let go');
    await expectNotKept(way, asked);
  });

  test(`a failure reaches all (stream ${isStream})`, async () => {
    await using way = await startCached({}, waiting.handler);
    const asked = chat({ stream: isStream });
    const clients = [await begin(way.url, asked)];
    const flight = await way.upstream.request(0);
    for (let i = 0; i < 3; i++) clients.push(await begin(way.url, asked));
    await settled();
    if (isStream) {
      flight.send(streamHead).send(chunk(event('one')));
      for (const client of clients) await client.seen('one');
      flight.die();
      for (const client of clients) expect(await client.ended()).toBe('reset');
    } else {
      flight.die();
      for (const client of clients) expect((await client.response('POST')).status).toBe(502);
    }
    expect(asks(way)).toBe(1);
    for (const client of clients) client.leave();
    await expectNotKept(way, asked);
  });
}

test('what the upstream refuses is told to all, and asked anew by the next', async () => {
  await using way = await startCached({}, waiting.handler);
  const clients = [await begin(way.url), await begin(way.url)];
  const flight = await way.upstream.request(0);
  await settled();
  flight.answer(429, '{"error":{"message":"slow"}}', [...jsonType, 'Retry-After: 7']);
  for (const client of clients) {
    const refused = await client.response('POST');
    expect([refused.status, refused.header('retry-after'), refused.text]).toEqual([
      429,
      '7',
      '{"error":{"message":"slow"}}',
    ]);
    client.leave();
  }
  using next = await begin(way.url);
  await way.upstream.request(1);
  next.leave();
});

test('a header that is for one is not given to those who share', async () => {
  await using way = await startCached({}, waiting.handler);
  const clients = [await begin(way.url)];
  const flight = await way.upstream.request(0);
  clients.push(await begin(way.url));
  await settled();
  flight.answer(200, numbered(0), [...jsonType, 'Set-Cookie: __cf_bm=1', 'x-request-id: up']);
  const [first, second] = [await clients[0]!.response('POST'), await clients[1]!.response('POST')];
  expect([first.header('set-cookie'), first.header('x-request-id')]).toEqual(['__cf_bm=1', 'up']);
  expect(second.header('set-cookie')).toBeUndefined();
  expect(second.all('x-request-id')).toEqual([expect.not.stringMatching('^up$')]);
  for (const client of clients) client.leave();
});

test('a stream and a plain request are asked apart while neither is kept', async () => {
  await using way = await startCached({}, waiting.handler);
  using plain = await begin(way.url);
  const one = await way.upstream.request(0);
  using stream = await begin(way.url, chat({ stream: true }));
  const two = await way.upstream.request(1);
  one.answer(200, numbered(0), jsonType);
  answerStream(two, events('streamed'));
  expect((await plain.response('POST')).text).toBe(numbered(0));
  expect((await stream.response('POST')).text).toBe(events('streamed'));
});

test('other keys do not share, whatever they ask', async () => {
  await using way = await startCached({ FORWARD_KEY: 'a1,b1', OPENAI_API_KEY: 'sk' }, waiting.handler);
  using first = await begin(way.url, chat({}, ['Authorization: Bearer a1']));
  await way.upstream.request(0);
  using second = await begin(way.url, chat({}, ['Authorization: Bearer b1']));
  await way.upstream.request(1);
  first.leave();
  second.leave();
});

test('a conditional request shares its answer with nobody who did not ask so', async () => {
  await using way = await startCached({ CACHE_ROUTES: '["/v1/models"]' }, async (request) => {
    await request.whole();
    await Bun.sleep(100);
    if (request.header('if-none-match')) request.send('HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n');
    else request.answer(200, '{"data":[]}', [...jsonType, 'ETag: "1"']);
  });
  using conditional = await begin(way.url, { headers: ['If-None-Match: "1"'] }, '/v1/models');
  await way.upstream.request(0);
  const plain = await way.ask('/v1/models');
  expect((await conditional.response()).status).toBe(304);
  expect([plain.status, plain.text]).toEqual([200, '{"data":[]}']);
});

test('more than is kept is shared by those who are there, and asked anew by who comes later', async () => {
  await using way = await startCached({ CACHE_MAX_ENTRY_SIZE: '64kb' }, waiting.handler);
  const asked = { ...chat({ stream: true }), headers: [json] };
  const clients = [await begin(way.url, asked), await begin(way.url, asked)];
  const flight = await way.upstream.request(0);
  await settled();
  flight.send(streamHead);
  for (let i = 0; i < 40; i++) flight.send(chunk(event(`${i} ${'x'.repeat(10_000)}`)));
  for (const client of clients) await client.seen('"39 x');
  using late = await begin(way.url, asked);
  await way.upstream.request(1);
  flight
    .send(chunk(event('', 'stop')))
    .send(chunk(doneEvent))
    .send(lastChunk);
  const bodies = [];
  for (const client of clients) bodies.push((await client.response('POST')).body);
  expect(bodies[0]!.equals(bodies[1]!)).toBe(true);
  for (const client of [...clients, late]) client.leave();
});
