import { expect, test } from 'bun:test';
import { bearer, chatPath, limit, startWay } from './support.ts';

/** One pass is taken by the plain path; whatever means the same at an upstream must be refused then. */
const sameRoute = [
  '/v1/chat/completions',
  '/v1/chat/completions/',
  '/v1/chat/completions?x=1',
  '/v1/chat/completions/below',
  '/v1//chat/completions',
  '//v1/chat/completions',
  '/v1/chat//completions',
  '/v1/%63hat/completions',
  '/v1/%63%68at/completion%73?x',
  '/v1%2fchat/completions',
  '/v1/./chat/completions',
  '/v1/x/../chat/completions',
  '/v1/%63hat/completions/%ff',
  '/v1/%63hat/completions?x=%ff',
  '/v1/chat/completions?',
];

test.each(sameRoute)('%s', async (path) => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour') });
  expect((await way.ask()).status).toBe(200);
  // 400: what aifd does not forward at all is no way around either.
  expect([429, 400]).toContain((await way.ask(path)).status);
  expect(way.upstream.requests).toHaveLength(1);
});

test.each(['/v1/chat/completionsx', '/v1/chat', '/v1/chat/completion', '/v1', '/x/v1/chat/completions'])(
  'another route is not touched: %s',
  async (path) => {
    await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour') });
    expect(await way.statuses(2, path)).toEqual([200, 200]);
  },
);

for (const [asked, ruled] of [
  ['/chat/completions', '/v1/chat/completions'],
  ['/v1/chat/completions', '/v1/chat/completions'],
  ['/chat/completions', '/chat/completions'],
] as const) {
  test(`base ending in /v1: ${asked} is under a rule for ${ruled}`, async () => {
    await using outer = await startWay();
    await using way = await startWay({
      OPENAI_BASE_URL: `${outer.upstream.url}/v1`,
      REQ_RATE_LIMIT: limit('1/hour', ruled),
    });
    expect(await way.statuses(2, asked)).toEqual([200, 429]);
    expect(outer.upstream.requests.map(({ target }) => target)).toEqual([chatPath]);
  });
}

test('base ending in /v1: with and without it is one pool', async () => {
  await using outer = await startWay();
  await using way = await startWay({
    OPENAI_BASE_URL: `${outer.upstream.url}/v1`,
    REQ_RATE_LIMIT: limit('2/hour'),
  });
  const paths = [
    '/chat/completions',
    chatPath,
    '//chat/completions',
    '/v1//chat/completions',
    '/%63hat/completions',
  ];
  const seen: number[] = [];
  for (const path of paths) seen.push((await way.ask(path)).status);
  expect(seen).toEqual([200, 200, 429, 429, 429]);
});

test('base ending in /v1 under a prefix', async () => {
  await using outer = await startWay();
  await using way = await startWay({
    EXTRA_BASE_URL: `${outer.upstream.url}/v1`,
    EXTRA_ROUTE_PREFIX: '/localai',
    REQ_RATE_LIMIT: limit('2/hour', '/localai/v1/chat/completions'),
  });
  const paths = [
    '/localai/chat/completions',
    '/localai/v1/chat/completions',
    '/localai//chat/completions',
    '/localai/v1/chat/completions',
  ];
  const seen: number[] = [];
  for (const path of paths) seen.push((await way.ask(path)).status);
  expect(seen).toEqual([200, 200, 429, 429]);
});

const forward = { FORWARD_KEY: 'fk-one,fk-two', OPENAI_API_KEY: 'sk-real', REQ_RATE_LIMIT: limit('1/hour') };

test.each([
  ['junk in the query', `${chatPath}?key=junk`, [bearer('fk-one')]],
  ['junk in x-api-key', chatPath, ['x-api-key: junk', bearer('fk-one')]],
  ['junk beside it in the same field', chatPath, ['Authorization: Bearer junk, Bearer fk-one']],
  ['the scheme in capitals', chatPath, ['Authorization: BEARER fk-one']],
  ['the scheme in small letters', chatPath, ['authorization: bearer fk-one']],
  ['more spaces', chatPath, ['Authorization:   Bearer    fk-one  ']],
  ['as x-api-key', chatPath, ['x-api-key: fk-one']],
  ['as api-key', chatPath, ['api-key: fk-one']],
  ['as x-goog-api-key', chatPath, ['x-goog-api-key: fk-one']],
  ['in the query', `${chatPath}?key=fk-one`, []],
  ['escaped in the query', `${chatPath}?%6bey=fk%2done`, []],
  ['junk in Authorization, key in x-api-key', chatPath, [bearer('junk'), 'x-api-key: fk-one']],
])('one forward key is one user: %s', async (_, path, headers) => {
  await using way = await startWay(forward);
  expect((await way.ask(chatPath, { headers: [bearer('fk-one')] })).status).toBe(200);
  expect((await way.ask(path, { headers })).status).toBe(429);
  expect((await way.ask(chatPath, { headers: [bearer('fk-two')] })).status).toBe(200);
});

const ownAnd = (junk: string) => [bearer('sk-own'), `x-api-key: ${junk}`];

test('a client that sends a key of its own is known by the key that goes upstream', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour') });
  expect((await way.ask(`${chatPath}?key=a`, { headers: ownAnd('a') })).status).toBe(200);
  expect((await way.ask(`${chatPath}?key=b`, { headers: ownAnd('b') })).status).toBe(429);
});
