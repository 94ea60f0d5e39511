import { expect, test } from 'bun:test';
import { until } from '../support/until.ts';
import type { UpstreamRequest } from '../support/upstream.ts';
import {
  answerStream,
  askAndKeep,
  asks,
  begin,
  chat,
  chatPath,
  chunk,
  event,
  events,
  expectHit,
  jsonType,
  numbered,
  settled,
  startCached,
  statusOf,
  streamHead,
} from './support.ts';

test('an entry is fresh for CACHE_TTL, then asked for anew', async () => {
  await using way = await startCached({ CACHE_TTL: '300ms' });
  await way.ask(chatPath, chat());
  await settled();
  const hit = await way.ask(chatPath, chat());
  expect(statusOf(hit)).toBe('aifd; hit; ttl=0');
  await Bun.sleep(300);
  const second = await way.ask(chatPath, chat());
  expect(statusOf(second)).toMatch(/^aifd; fwd=(stale|uri-miss); stored$/);
  expect(second.text).toContain('answer 1');
  await settled();
  expect((await way.ask(chatPath, chat())).text).toContain('answer 1');
});

test('0 is for ever', async () => {
  await using way = await startCached({ CACHE_TTL: '0' });
  await askAndKeep(way);
  const hit = await way.ask(chatPath, chat());
  expect([statusOf(hit), hit.header('age')]).toEqual(['aifd; hit', '0']);
});

const failures: [string, string, (request: UpstreamRequest) => unknown][] = [
  ['500', '; fwd-status=500', (request) => request.answer(500, '{"error":{"message":"x"}}', jsonType)],
  ['503', '; fwd-status=503', (request) => request.answer(503, 'busy')],
  ['a connection that dies', '', (request) => request.die()],
  ['what is no HTTP', '', (request) => void request.send('hello\r\n\r\n').end()],
  [
    'a stream of 503',
    '; fwd-status=503',
    (request) => request.send('HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n').send(chunk('busy')),
  ],
];

for (const isStream of [false, true]) {
  test.each(failures)(`an expired entry stands in for %s (stream ${isStream})`, async (_, status, fail) => {
    let isDown = false;
    await using way = await startCached(
      { CACHE_TTL: '100ms', CACHE_STALE_IF_ERROR: '1h' },
      async (request) => {
        await request.whole();
        if (isDown) fail(request);
        else if (isStream) answerStream(request, events('kept'));
        else request.answer(200, numbered(0), jsonType);
      },
    );
    const asked = chat({ stream: isStream });
    const first = await way.ask(chatPath, asked);
    await Bun.sleep(170);
    isDown = true;
    for (let i = 1; i < 3; i++) {
      const stale = await way.ask(chatPath, asked);
      expect(stale.status).toBe(200);
      expect(statusOf(stale)).toMatch(
        new RegExp(`^aifd; fwd=stale${status}; ttl=-\\d+; detail=stale-if-error$`),
      );
      expect(stale.body.equals(first.body)).toBe(true);
      expect(stale.header('age')).toBe('0');
      // A pooled connection that died is tried anew.
      expect(asks(way)).toBeGreaterThanOrEqual(1 + i);
    }
    isDown = false;
    expect(statusOf(await way.ask(chatPath, asked))).toBe('aifd; fwd=stale; stored');
  });
}

test('an upstream that is gone is stood in for', async () => {
  await using way = await startCached({ CACHE_TTL: '100ms', CACHE_STALE_IF_ERROR: '1h' });
  await way.ask(chatPath, chat());
  await Bun.sleep(150);
  await way.upstream[Symbol.asyncDispose]();
  const stale = await way.ask(chatPath, chat());
  expect(statusOf(stale)).toMatch(/^aifd; fwd=stale; ttl=-\d+; detail=stale-if-error$/);
  expect((await way.ask(chatPath, chat({ other: 1 }))).status).toBe(502);
});

test.each([400, 401, 404, 429])(
  'it does not stand in for %p: that is no failure of the upstream',
  async (status) => {
    await using way = await startCached(
      { CACHE_TTL: '50ms', CACHE_STALE_IF_ERROR: '1h' },
      async (request, index) => {
        await request.whole();
        request.answer(index === 0 ? 200 : status, numbered(index), jsonType);
      },
    );
    await way.ask(chatPath, chat());
    await Bun.sleep(120);
    expect((await way.ask(chatPath, chat())).status).toBe(status);
  },
);

test('it stands in no longer than it may, nor without the option', async () => {
  for (const staleFor of ['100ms', '0']) {
    await using way = await startCached(
      { CACHE_TTL: '50ms', CACHE_STALE_IF_ERROR: staleFor },
      async (request, index) => {
        await request.whole();
        request.answer(index === 0 ? 200 : 503, numbered(index), jsonType);
      },
    );
    await way.ask(chatPath, chat());
    await Bun.sleep(250);
    expect((await way.ask(chatPath, chat())).status).toBe(503);
  }
});

test('what the request itself did not want does not stand in', async () => {
  await using way = await startCached({ CACHE_STALE_IF_ERROR: '1h' }, async (request, index) => {
    await request.whole();
    request.answer(index === 0 ? 200 : 503, numbered(index), jsonType);
  });
  await askAndKeep(way);
  expect((await way.ask(chatPath, chat({}, ['Cache-Control: no-cache']))).status).toBe(503);
  expectHit(await way.ask(chatPath, chat()));
});

test('a failing stream that has begun can not be stood in for: it is cut, and the entry stays', async () => {
  let fails = false;
  await using way = await startCached({ CACHE_TTL: '100ms', CACHE_STALE_IF_ERROR: '1h' }, async (request) => {
    await request.whole();
    if (!fails) return answerStream(request, events('kept'));
    request.send(streamHead).send(chunk(event('part')));
  });
  const asked = chat({ stream: true });
  await way.ask(chatPath, asked);
  await Bun.sleep(150);
  fails = true;
  const client = await begin(way.url, asked);
  await client.seen('part');
  way.upstream.requests.at(-1)!.die();
  expect(await client.ended()).toBe('reset');
  expect(client.log).not.toContain('kept');
});

test('all who share a flight that fails are stood in for', async () => {
  let fails = false;
  await using way = await startCached({ CACHE_TTL: '100ms', CACHE_STALE_IF_ERROR: '1h' }, async (request) => {
    await request.whole();
    if (!fails) request.answer(200, numbered(0), jsonType);
  });
  await way.ask(chatPath, chat());
  await Bun.sleep(150);
  fails = true;
  const clients = [await begin(way.url), await begin(way.url), await begin(way.url)];
  const flight = await way.upstream.request(1);
  await settled();
  flight.answer(503, 'busy');
  for (const client of clients) {
    const stale = await client.response('POST');
    expect([stale.status, stale.text]).toEqual([200, numbered(0)]);
    expect(statusOf(stale)).toContain('fwd-status=503');
    client.leave();
  }
  expect(asks(way)).toBe(2);
});

test('an upstream whose failure is stood in for is let go', async () => {
  let fails = false;
  await using way = await startCached({ CACHE_TTL: '100ms', CACHE_STALE_IF_ERROR: '1h' }, async (request) => {
    await request.whole();
    if (fails) request.send('HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n').send(chunk('endless'));
    else request.answer(200, numbered(0), jsonType);
  });
  await way.ask(chatPath, chat());
  await Bun.sleep(150);
  fails = true;
  expect((await way.ask(chatPath, chat())).status).toBe(200);
  let isGone = false;
  void way.upstream.requests[1]!.gone.then(() => (isGone = true));
  await until(() => isGone, 'the upstream is let go');
});
