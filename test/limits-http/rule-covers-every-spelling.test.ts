import { expect, test } from 'bun:test';
import { Dice } from '../support/random.ts';
import { limit, startWay } from './support.ts';

/** Ways to write a path so that some upstream still reads it as the same route. */
const spellings: ((path: string, dice: Dice) => string)[] = [
  (path) => path.replace(/^\/v1\//, '/'),
  (path) => path.toUpperCase(),
  (path, dice) => spread(path, (letter) => (dice.chance(0.5) ? letter.toUpperCase() : letter)),
  (path, dice) => spread(path, (letter) => (dice.chance(0.3) ? escaped(letter) : letter)),
  (path, dice) => path.replaceAll('/', () => dice.pick(['/', '//', '///', '/./'])),
  (path) => path.replace(/(.)\//g, '$1%2F'),
  (path, dice) =>
    path +
    dice.pick([
      '/',
      '//',
      '.',
      '..x'.slice(0, 2),
      '%20',
      '%3f',
      '%3Fx=1',
      '%09',
      '%00',
      '%23',
      '%0a',
      '%2e',
      '%2f',
      ';',
      '.json',
      '/%20',
    ]),
  (path, dice) =>
    path.replace(/(.)(?=\/|$)/g, (letter) => letter + dice.pick(['', ';x', ';x=1', '%3Bx=1', '%20', ';'])),
  (path) => `${path}?x=1`,
  (path) => path.replaceAll('%', '%25'),
];

const spread = (path: string, change: (letter: string) => string): string => path.replace(/[a-z]/gi, change);
const escaped = (letter: string): string => `%${letter.charCodeAt(0).toString(16)}`;

test('a rule covers 400 spellings of its route, whatever is combined', async () => {
  const dice = new Dice(20_261_127);
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour') });
  expect((await way.ask()).status).toBe(200);
  const passed: string[] = [];
  for (let i = 0; i < 400; i++) {
    let path = '/v1/chat/completions';
    for (let changes = dice.int(1, 3); changes > 0; changes--) path = dice.pick(spellings)(path, dice);
    const { status } = await way.ask(path);
    // 400: aifd does not forward it at all.
    if (status !== 429 && status !== 400) passed.push(`${status} ${path}`);
  }
  expect(passed).toEqual([]);
  expect(way.upstream.requests).toHaveLength(1);
});

test.each([
  ['/chat/completions', '/v1/chat/completions'],
  ['/V1/Chat/Completions/', '/v1/chat/completions'],
  ['/v1', '/chat/completions'],
  ['/v1', '/V1;x/embeddings'],
  ['/', '/v2/rerank'],
  ['/v2/rerank', '/V2/rerank%20'],
])('a rule for %s covers %s', async (route, path) => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour', route) });
  expect(await way.statuses(2, path)).toEqual([200, 429]);
});

test.each([
  ['/v1', '/v2/rerank'],
  ['/v1', '/v1beta/models'],
  ['/v1/chat/completions', '/v1/chat.completions'],
  ['/v1/completions', '/v1/chat/completions'],
])('a rule for %s does not cover %s', async (route, path) => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour', route) });
  expect(await way.statuses(2, path)).toEqual([200, 200]);
});

test.each(['', '/v1', '/api', '/api/v1', '/V1', '/v1beta/openai'])(
  'whatever the base path, here "%s", and under a prefix',
  async (base) => {
    await using outer = await startWay();
    await using way = await startWay({
      EXTRA_BASE_URL: outer.upstream.url + base,
      EXTRA_ROUTE_PREFIX: '/local',
      REQ_RATE_LIMIT: JSON.stringify({ '/local/v1/chat/completions': '1/hour', '/local': '2/hour' }),
    });
    const chats = ['/local/chat/completions', '/local/v1/chat/completions', '/local/V1//Chat/completions%20'];
    const seen: number[] = [];
    for (const path of chats) seen.push((await way.ask(path)).status);
    expect(seen).toEqual([200, 429, 429]);
    expect(await way.statuses(3, '/local/v3/other')).toEqual([200, 200, 429]);
    expect(outer.upstream.requests[0]!.target).toBe(`${base}/chat/completions`);
  },
);

test('what is forwarded stays as the client wrote it', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('9/hour') });
  const path = '/V1/Chat//completions;x=1%20?q=%41';
  await way.ask(path);
  expect(way.upstream.requests[0]!.target).toBe(path);
});
