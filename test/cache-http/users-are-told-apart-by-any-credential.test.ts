import { expect, test } from 'bun:test';
import type { Handler } from '../support/upstream.ts';
import { askAndKeep, begin, chat, expectHit, startCached, statusOf } from './support.ts';

/** Answers alice with a secret, and everybody else with a refusal. */
const guarded: Handler = async (request) => {
  await request.whole();
  const isAlice = request.message.headers.some(([, value]) => value.includes('alice'));
  request.answer(isAlice ? 200 : 401, isAlice ? secret : '{"error":{"message":"no"}}', [
    'Content-Type: application/json',
  ]);
};
const secret = JSON.stringify({
  choices: [{ index: 0, message: { role: 'assistant', content: 'SECRET' }, finish_reason: 'stop' }],
});

const ways = [
  (who: string) => `Authorization: Bearer ${who}`,
  (who: string) => `Authorization: Bearer\t${who}`,
  (who: string) => `Authorization: Basic ${who}`,
  (who: string) => `Authorization: Token ${who}`,
  (who: string) => `Authorization: sk-${who}`,
  (who: string) => `Authorization: Digest username="${who}", nonce="1"`,
  (who: string) => `Cookie: session=${who}`,
  (who: string) => `X-API-Key: ${who}`,
  (who: string) => `Ocp-Apim-Subscription-Key: ${who}`,
  (who: string) => `X-LiteLLM-API-Key: ${who}`,
  (who: string) => `X-Auth-Token: ${who}`,
  (who: string) => `X-Amz-Security-Token: ${who}`,
  (who: string) => `CF-Access-Client-Secret: ${who}`,
  (who: string) => `X-Account: ${who}`,
  (who: string) => `X-MS-Client-Credential: ${who}`,
  (who: string) => `X-Goog-IAP-JWT-Assertion: ${who}`,
  (who: string) => `X-MS-Client-Principal: ${who}`,
  (who: string) => `X-Forwarded-User: ${who}`,
  (who: string) => `X-User-Id: ${who}`,
  (who: string) => `X-User-Email: ${who}@a.example`,
];

for (const scope of ['key', 'shared'])
  test.each(ways)(`CACHE_SCOPE=${scope}: the answer to one caller reaches no other (%p)`, async (field) => {
    await using way = await startCached({ CACHE_SCOPE: scope }, guarded);
    expect((await askAndKeep(way, chat({}, [field('alice')]))).text).toContain('SECRET');
    for (const headers of [[field('bob')], []]) {
      const other = await way.ask('/v1/chat/completions', chat({}, headers));
      expect([other.status, statusOf(other)]).toEqual([401, expect.stringContaining('fwd=uri-miss')]);
    }
    expectHit(await way.ask('/v1/chat/completions', chat({}, [field('alice')])));
  });

for (const scope of ['key', 'shared'])
  test.each(ways)(`CACHE_SCOPE=${scope}: callers who ask at once are asked for apart (%p)`, async (field) => {
    const gate = Promise.withResolvers<void>();
    await using way = await startCached({ CACHE_SCOPE: scope }, async (request, index) => {
      await request.whole();
      await gate.promise;
      await guarded(request, index);
    });
    const all = [field('alice'), field('bob'), 'X-Note: nobody'].map((one) =>
      begin(way.url, chat({}, [one])),
    );
    await way.upstream.request(2);
    gate.resolve();
    const clients = await Promise.all(all);
    const statuses: number[] = [];
    for (const client of clients) {
      statuses.push((await client.response('POST')).status);
      client.leave();
    }
    expect(statuses).toEqual([200, 401, 401]);
  });

test('fields that are new with every request do not tell callers apart', async () => {
  await using way = await startCached({}, guarded);
  const alice = 'Authorization: Bearer alice';
  await askAndKeep(way, chat({}, [alice, 'Idempotency-Key: 1']));
  expectHit(await way.ask('/v1/chat/completions', chat({}, [alice, 'Idempotency-Key: 2'])));
});

test('where aifd checks keys, callers of one key with credentials of their own share nothing', async () => {
  await using way = await startCached({ FORWARD_KEY: 'fk-team', CACHE_SCOPE: 'shared' }, guarded);
  const key = 'Authorization: Bearer fk-team';
  await askAndKeep(way, chat({}, [key, 'X-Upstream-Token: alice']));
  const bob = await way.ask('/v1/chat/completions', chat({}, [key, 'X-Upstream-Token: bob']));
  expect(bob.status).toBe(401);
});
