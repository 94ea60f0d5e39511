import { expect, test } from 'bun:test';
import { until } from '../support/until.ts';
import {
  asks,
  bearer,
  begin,
  chat,
  chatPath,
  chunk,
  completion,
  event,
  events,
  expectHit,
  jsonType,
  lastChunk,
  limit,
  remainingTokens,
  settled,
  startCached,
  statusOf,
  streamHead,
  type Way,
} from './support.ts';

test('a hit counts as a request, and over the limit nothing is answered', async () => {
  await using way = await startCached({ REQ_RATE_LIMIT: limit('3/hour') });
  expect((await way.ask(chatPath, chat())).status).toBe(200);
  await settled();
  expectHit(await way.ask(chatPath, chat()));
  expectHit(await way.ask(chatPath, chat()));
  const refused = await way.ask(chatPath, chat());
  expect([refused.status, refused.header('cache-status')]).toEqual([429, undefined]);
  expect(asks(way)).toBe(1);
});

/** Tokens that a request for nothing finds left. */
async function left(way: Way): Promise<number> {
  await settled();
  const asked = chat({ caching: false, messages: [], probe: Math.random() }, ['x-probe: 1']);
  return remainingTokens(await way.ask(chatPath, asked));
}

/** The n-th probe costs as much as that before it. */
const probed = async (request: {
  header(name: string): string | undefined;
  answer(status: number, body: string, headers: readonly string[]): void;
}) => {
  if (request.header('x-probe') === undefined) return false;
  request.answer(200, completion(1), jsonType);
  return true;
};

test('a hit costs no tokens', async () => {
  await using way = await startCached({ TOKENS_LIMIT: limit('1000/hour') }, async (request) => {
    await request.whole();
    if (!(await probed(request))) request.answer(200, completion(100), jsonType);
  });
  const before = await left(way);
  await way.ask(chatPath, chat());
  const after = await left(way);
  expect(before - after).toBe(101);
  for (let i = 0; i < 5; i++) expectHit(await way.ask(chatPath, chat()));
  expect(after - (await left(way))).toBe(1);
});

test('a hit is refused where its tokens would be over the limit', async () => {
  await using way = await startCached({ TOKENS_LIMIT: limit('100/hour') }, async (request) => {
    await request.whole();
    request.answer(200, completion(100), jsonType);
  });
  await way.ask(chatPath, chat());
  await settled();
  expect((await way.ask(chatPath, chat())).status).toBe(429);
});

test('of those that share a flight the first pays, once', async () => {
  await using way = await startCached({ TOKENS_LIMIT: limit('1000/hour') }, async (request) => {
    await request.whole();
    await probed(request);
  });
  const before = await left(way);
  const clients = [await begin(way.url)];
  const leader = await way.upstream.request(1);
  for (let i = 0; i < 4; i++) clients.push(await begin(way.url));
  await settled();
  leader.answer(200, completion(100), jsonType);
  const statuses = [];
  for (const client of clients) statuses.push(statusOf(await client.response('POST')));
  expect(statuses).toEqual([
    'aifd; fwd=uri-miss; stored',
    ...Array<string>(4).fill('aifd; fwd=uri-miss; collapsed'),
  ]);
  expect(before - (await left(way))).toBe(101);
  for (const client of clients) client.leave();
});

test('who leaves early pays for the flight that another still shares', async () => {
  await using way = await startCached({ TOKENS_LIMIT: limit('1000/hour') }, async (request) => {
    await request.whole();
    await probed(request);
  });
  const before = await left(way);
  const leader = await begin(way.url);
  const asked = await way.upstream.request(1);
  const second = await begin(way.url);
  await settled();
  leader.leave();
  await settled();
  asked.answer(200, completion(100), jsonType);
  expect((await second.response('POST')).status).toBe(200);
  expect(before - (await left(way))).toBe(101);
  second.leave();
});

test('who leaves a stream early pays for the flight that another still shares', async () => {
  await using way = await startCached({ TOKENS_LIMIT: limit('1000/hour') }, async (request) => {
    await request.whole();
    await probed(request);
  });
  const before = await left(way);
  const asked = chat({ stream: true });
  const leader = await begin(way.url, asked);
  const flight = await way.upstream.request(1);
  flight.send(streamHead).send(chunk(event('one')));
  await leader.seen('one');
  const second = await begin(way.url, asked);
  await second.seen('one');
  leader.leave();
  await settled();
  const usage = `data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: [], usage: { prompt_tokens: 1, completion_tokens: 99, total_tokens: 100 } })}\n\n`;
  flight
    .send(chunk(event('', 'stop')))
    .send(chunk(usage))
    .send(chunk('data: [DONE]\n\n'))
    .send(lastChunk);
  expect((await second.response('POST')).text).toContain('[DONE]');
  expect(before - (await left(way))).toBe(101);
  second.leave();
});

test('all that leave early still pay for the prompt', async () => {
  await using way = await startCached({ TOKENS_LIMIT: limit('1000/hour') }, async (request) => {
    await request.whole();
    await probed(request);
  });
  const before = await left(way);
  const asked = chat({ messages: [{ role: 'user', content: 'word '.repeat(100) }] });
  const clients = [await begin(way.url, asked), await begin(way.url, asked)];
  const flight = await way.upstream.request(1);
  await settled();
  for (const client of clients) client.leave();
  await flight.gone;
  expect(before - (await left(way))).toBeGreaterThan(50);
});

test('in a shared flight of two users each counts its request, and only the first its tokens', async () => {
  const env = {
    FORWARD_KEY: 'fk-a,fk-b',
    OPENAI_API_KEY: 'sk',
    CACHE_SCOPE: 'shared',
    TOKENS_LIMIT: limit('1000/hour'),
    REQ_RATE_LIMIT: limit('2/hour'),
  };
  await using way = await startCached(env, async (request) => {
    await request.whole();
    if (request.header('x-probe')) request.answer(200, completion(1), jsonType);
  });
  const first = await begin(way.url, chat({}, [bearer('fk-a')]));
  const flight = await way.upstream.request(0);
  const second = await begin(way.url, chat({}, [bearer('fk-b')]));
  await settled();
  flight.answer(200, completion(500), jsonType);
  const shared = await second.response('POST');
  await first.response('POST');
  expect(statusOf(shared)).toContain('collapsed');
  await settled();
  const probe = (key: string) => way.ask(chatPath, chat({ caching: false }, [bearer(key), 'x-probe: 1']));
  const [a, b] = [await probe('fk-a'), await probe('fk-b')];
  expect([remainingTokens(a) < 500, remainingTokens(b) > 900]).toEqual([true, true]);
  expect([(await probe('fk-a')).status, (await probe('fk-b')).status]).toEqual([429, 429]);
  first.leave();
  second.leave();
});

for (const name of ['CONCURRENCY_LIMIT', 'USER_CONCURRENCY_LIMIT']) {
  test(`places come back after hits, failures and those who shared (${name})`, async () => {
    let mode: 'answer' | 'wait' | 'die' | 'refuse' = 'answer';
    await using way = await startCached(
      { [name]: '2', QUEUE_SIZE: '0', QUEUE_TIMEOUT: '1' },
      async (request) => {
        await request.whole();
        if (mode === 'answer') request.answer(200, completion(1), jsonType);
        if (mode === 'die') request.die();
        if (mode === 'refuse') request.answer(503, '{"error":{"message":"x"}}', jsonType);
      },
    );
    /** Two at once have places, and a third has none. */
    const bothFree = async (round: string): Promise<void> => {
      const was = mode;
      mode = 'wait';
      const from = asks(way);
      const holders = [
        await begin(way.url, chat({ round, i: 0 })),
        await begin(way.url, chat({ round, i: 1 })),
      ];
      await until(() => asks(way) === from + 2, `${round}: both places are free`);
      const third = await way.ask(chatPath, chat({ round, i: 2 }));
      expect([round, third.status]).toEqual([round, name === 'CONCURRENCY_LIMIT' ? 503 : 429]);
      for (const holder of holders) holder.leave();
      for (const request of way.upstream.requests.slice(from)) await request.gone;
      await settled();
      mode = was;
    };
    await way.ask(chatPath, chat());
    await settled();
    for (let i = 0; i < 5; i++) expectHit(await way.ask(chatPath, chat()));
    await bothFree('hits');
    mode = 'die';
    for (let i = 0; i < 3; i++) expect((await way.ask(chatPath, chat({ die: i }))).status).toBe(502);
    await bothFree('dead');
    mode = 'refuse';
    for (let i = 0; i < 3; i++) expect((await way.ask(chatPath, chat({ refuse: i }))).status).toBe(503);
    await bothFree('refused');
    mode = 'wait';
    for (let i = 0; i < 3; i++) {
      const from = asks(way);
      const pair = [await begin(way.url, chat({ pair: i })), await begin(way.url, chat({ pair: i }))];
      const flight = await way.upstream.request(from);
      await settled();
      // The first leaves, the second stays; or the reverse; or none.
      if (i < 2) pair[i]!.leave();
      await settled();
      flight.answer(200, completion(1), jsonType);
      for (const [at, client] of pair.entries())
        if (at !== i) expect((await client.response('POST')).status).toBe(200);
      for (const client of pair) client.leave();
      expect(asks(way)).toBe(from + 1);
    }
    await settled();
    await bothFree('shared');
    for (let i = 0; i < 3; i++) {
      const from = asks(way);
      const pair = [
        await begin(way.url, chat({ cut: i, stream: true })),
        await begin(way.url, chat({ cut: i, stream: true })),
      ];
      const flight = await way.upstream.request(from);
      await settled();
      flight.send(streamHead).send(chunk(event('one')));
      for (const client of pair) await client.seen('one');
      if (i === 0) flight.die();
      else if (i === 1) for (const client of pair) client.leave();
      else flight.send(chunk(events('x'))).send(lastChunk);
      if (i === 0) for (const client of pair) await client.ended();
      if (i === 1) await flight.gone;
      if (i === 2) for (const client of pair) await client.seen('[DONE]');
      for (const client of pair) client.leave();
    }
    await settled();
    await bothFree('streams');
    expect((await way.ask(chatPath, chat({ none: 1 }, ['Cache-Control: only-if-cached']))).status).toBe(504);
    await bothFree('only if cached');
  }, 30_000);

  test(`no place is given back twice where a stale entry stands in (${name})`, async () => {
    let fails: 'no' | 'refuse' | 'die' | 'wait' = 'no';
    const env = { [name]: '1', QUEUE_SIZE: '0', CACHE_TTL: '100ms', CACHE_STALE_IF_ERROR: '1h' };
    await using way = await startCached(env, async (request) => {
      await request.whole();
      if (fails === 'no') request.answer(200, completion(1), jsonType);
      if (fails === 'refuse') request.answer(503, 'x');
      if (fails === 'die') request.die();
    });
    await way.ask(chatPath, chat());
    await Bun.sleep(150);
    for (fails of ['refuse', 'die', 'refuse'] as const) {
      expect(statusOf(await way.ask(chatPath, chat()))).toContain('stale-if-error');
      await settled();
    }
    fails = 'wait';
    const from = asks(way);
    const holder = await begin(way.url, chat({ other: 1 }));
    await way.upstream.request(from);
    const status = (await way.ask(chatPath, chat({ other: 2 }))).status;
    expect(status).toBe(name === 'CONCURRENCY_LIMIT' ? 503 : 429);
    holder.leave();
  });
}

const waitingForAnswers = { CONCURRENCY_LIMIT: '1', QUEUE_SIZE: '5', QUEUE_TIMEOUT: '20' };

test('a hit waits for no place', async () => {
  await using way = await startCached({ ...waitingForAnswers, QUEUE_SIZE: '0' }, async (request, index) => {
    await request.whole();
    if (index === 0) request.answer(200, completion(1), jsonType);
  });
  await way.ask(chatPath, chat());
  await settled();
  using holder = await begin(way.url, chat({ other: 1 }));
  await way.upstream.request(1);
  expectHit(await way.ask(chatPath, chat()));
  expect((await way.ask(chatPath, chat({ other: 2 }))).status).toBe(503);
  holder.leave();
});

test('those that share a flight hold one place', async () => {
  await using way = await startCached({ CONCURRENCY_LIMIT: '2', QUEUE_SIZE: '0' }, () => {});
  const clients = [await begin(way.url)];
  const flight = await way.upstream.request(0);
  for (let i = 0; i < 3; i++) clients.push(await begin(way.url));
  const other = await begin(way.url, chat({ other: 1 }));
  (await way.upstream.request(1)).answer(200, completion(1), jsonType);
  expect((await other.response('POST')).status).toBe(200);
  flight.answer(200, completion(1), jsonType);
  for (const client of clients) expect((await client.response('POST')).status).toBe(200);
  for (const client of [...clients, other]) client.leave();
});

test('a request that waits for its place keeps it for those that share, when its client leaves', async () => {
  await using way = await startCached(waitingForAnswers, () => {});
  using holder = await begin(way.url, chat({ other: 1 }));
  const first = await way.upstream.request(0);
  const leader = await begin(way.url);
  await settled();
  const follower = await begin(way.url);
  await settled();
  leader.leave();
  await settled();
  first.answer(200, completion(1), jsonType);
  (await way.upstream.request(1)).answer(200, completion(1), jsonType);
  expect(statusOf(await follower.response('POST'))).toContain('collapsed');
  expect(asks(way)).toBe(2);
  expect((await holder.response('POST')).status).toBe(200);
  follower.leave();
});

test('when all leave that wait for a place, the upstream is not asked', async () => {
  const env = { ...waitingForAnswers, TOKENS_LIMIT: limit('1000/hour') };
  await using way = await startCached(env, async (request) => {
    await request.whole();
    await probed(request);
  });
  using holder = await begin(way.url, chat({ other: 1 }));
  const first = await way.upstream.request(0);
  const pair = [
    await begin(way.url, chat({ max_tokens: 400 })),
    await begin(way.url, chat({ max_tokens: 400 })),
  ];
  await settled();
  for (const client of pair) client.leave();
  await settled();
  first.answer(200, completion(100), jsonType);
  await holder.response('POST');
  // 100 by the first, and what the probe reserves.
  expect(await left(way)).toBeGreaterThan(890);
  expect(asks(way)).toBe(2);
});

test('a place that does not come in time is refused to all that share, and costs none of them anything', async () => {
  const env = { ...waitingForAnswers, QUEUE_TIMEOUT: '0.3', REQ_RATE_LIMIT: limit('3/hour') };
  await using way = await startCached(env, () => {});
  using holder = await begin(way.url, chat({ other: 1 }));
  const first = await way.upstream.request(0);
  const pair = [await begin(way.url), await begin(way.url)];
  for (const client of pair) {
    const refused = await client.response('POST');
    expect(refused.status).toBe(503);
    expect(refused.json()).toMatchObject({ error: { code: 'overloaded' } });
    client.leave();
  }
  first.answer(200, completion(1), jsonType);
  await holder.response('POST');
  const last = await begin(way.url, chat({ other: 2 }));
  (await way.upstream.request(1)).answer(200, completion(1), jsonType);
  expect((await last.response('POST')).header('ratelimit')).toMatch(/"requests";r=1;/);
  last.leave();
});

test('the limit of one user refuses no other that shares the flight', async () => {
  const env = {
    FORWARD_KEY: 'fk-a,fk-b',
    OPENAI_API_KEY: 'sk',
    CACHE_SCOPE: 'shared',
    USER_CONCURRENCY_LIMIT: '1',
    QUEUE_TIMEOUT: '0.3',
  };
  await using way = await startCached(env, () => {});
  using holder = await begin(way.url, chat({ other: 1 }, [bearer('fk-a')]));
  await way.upstream.request(0);
  const waiting = await begin(way.url, chat({}, [bearer('fk-a')]));
  await settled();
  const sharing = await begin(way.url, chat({}, [bearer('fk-b')]));
  expect((await waiting.response('POST')).status).toBe(429);
  (await way.upstream.request(1)).answer(200, completion(1), jsonType);
  expect((await sharing.response('POST')).status).toBe(200);
  for (const client of [holder, waiting, sharing]) client.leave();
});

test('a stale entry stands in where no place came free', async () => {
  const env = { CONCURRENCY_LIMIT: '1', QUEUE_SIZE: '0', CACHE_TTL: '100ms', CACHE_STALE_IF_ERROR: '1h' };
  await using way = await startCached(env, async (request, index) => {
    await request.whole();
    if (index === 0) request.answer(200, completion(1), jsonType);
  });
  await way.ask(chatPath, chat());
  await Bun.sleep(150);
  using holder = await begin(way.url, chat({ other: 1 }));
  await way.upstream.request(1);
  expect(statusOf(await way.ask(chatPath, chat()))).toContain('stale-if-error');
  holder.leave();
});
