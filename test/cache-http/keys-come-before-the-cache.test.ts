import { expect, test } from 'bun:test';
import { askAndKeep, asks, bearer, chat, chatPath, expectHit, startCached, statusOf } from './support.ts';

const keys = { FORWARD_KEY: 'fk-alice,fk-bob', OPENAI_API_KEY: 'sk-real' };
const as = (key: string) => chat({}, [bearer(key)]);

test('by default each key has its own answers', async () => {
  await using way = await startCached(keys);
  const first = await askAndKeep(way, as('fk-alice'));
  const second = await way.ask(chatPath, as('fk-bob'));
  expect(statusOf(second)).toBe('aifd; fwd=uri-miss; stored');
  expect(second.text).not.toBe(first.text);
  expectHit(await way.ask(chatPath, as('fk-alice')));
  expectHit(await way.ask(chatPath, chat({}, ['x-api-key: fk-alice'])));
});

test('shared, all known keys have the same', async () => {
  await using way = await startCached({ ...keys, CACHE_SCOPE: 'shared' });
  const first = await askAndKeep(way, as('fk-alice'));
  const second = await way.ask(chatPath, as('fk-bob'));
  expectHit(second);
  expect(second.text).toBe(first.text);
  expect(asks(way)).toBe(1);
});

for (const scope of ['key', 'shared']) {
  test(`nobody without a known key is answered, whatever is kept (${scope})`, async () => {
    await using way = await startCached({ ...keys, CACHE_SCOPE: scope });
    await askAndKeep(way, as('fk-alice'));
    const none = await way.ask(chatPath, chat());
    const wrong = await way.ask(chatPath, as('fk-carol'));
    const only = await way.ask(chatPath, chat({}, ['Cache-Control: only-if-cached']));
    expect([none.status, wrong.status, only.status]).toEqual([401, 401, 401]);
    for (const refused of [none, wrong, only]) expect(refused.header('cache-status')).toBeUndefined();
    expect(asks(way)).toBe(1);
  });

  test(`a key that only passes through is not given what others asked (${scope})`, async () => {
    await using way = await startCached({ ...keys, ALLOW_CLIENT_KEYS: 'true', CACHE_SCOPE: scope });
    await askAndKeep(way, as('fk-alice'));
    await askAndKeep(way, as('sk-own'));
    expect(asks(way)).toBe(2);
    expect(statusOf(await way.ask(chatPath, as('sk-other')))).toContain('fwd=uri-miss');
    expect(asks(way)).toBe(3);
  });
}

test('in flight, a passed key that the upstream has not judged waits for its own judgement', async () => {
  await using way = await startCached({ CACHE_SCOPE: 'shared' }, async (request) => {
    await request.whole();
    if (request.header('authorization') !== 'Bearer sk-good')
      return request.answer(401, '{"error":{"message":"no"}}', ['Content-Type: application/json']);
  });
  using good = await way.begin(chatPath, as('sk-good'));
  await way.upstream.request(0);
  expect((await way.ask(chatPath, as('sk-bad'))).status).toBe(401);
  good.leave();
});

test('a key in the query is one, and is not kept with the route', async () => {
  await using way = await startCached({ ...keys, CACHE_SCOPE: 'shared' });
  await askAndKeep(way, chat(), `${chatPath}?key=fk-alice`);
  expectHit(await way.ask(`${chatPath}?key=fk-bob`, chat()));
  expect((await way.ask(`${chatPath}?key=fk-eve`, chat())).status).toBe(401);
});

test('an address that is not allowed is not answered', async () => {
  await using way = await startCached({
    IP_BLACKLIST: '203.0.113.9',
    TRUSTED_PROXIES: '127.0.0.1',
    CACHE_SCOPE: 'shared',
  });
  await askAndKeep(way);
  const refused = await way.ask(chatPath, chat({}, ['X-Forwarded-For: 203.0.113.9']));
  expect([refused.status, refused.header('cache-status')]).toEqual([403, undefined]);
});
