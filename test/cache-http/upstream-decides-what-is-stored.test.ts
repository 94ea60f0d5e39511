import { expect, test } from 'bun:test';
import type { Handler } from '../support/upstream.ts';
import {
  askAndKeep,
  asks,
  begin,
  chat,
  chatPath,
  expectHit,
  expectNotKept,
  numbered,
  settled,
  startCached,
  statusOf,
} from './support.ts';
import { isVariantOf, variantOf } from '../../src/gateway/cache/upstream-words.ts';
import type { ResponseHead } from '../../src/gateway/upstream/wire/head.ts';
import { inLmdb, newFolder, spawnBefore, startNumbered } from './store-support.ts';
import { until } from '../support/until.ts';

/** Answers with these fields. */
const answering =
  (...fields: string[]): Handler =>
  async (request, index) => {
    await request.whole();
    request.answer(200, numbered(index), ['Content-Type: application/json', ...fields]);
  };

const speaking = (language: string) => chat({}, [`Accept-Language: ${language}`]);

const forbidding = [
  'Cache-Control: no-store',
  'Cache-Control: max-age=60, no-store',
  'Cache-Control: private',
  'Cache-Control: private="x-user", max-age=3',
  'Vary: *',
  'Vary: Origin, *',
  'Set-Cookie: session=alice; Path=/',
];

for (const scope of ['key', 'shared'])
  test.each(forbidding)(`CACHE_SCOPE=${scope}: a response with %s is not stored`, async (field) => {
    await using way = await startCached({ CACHE_SCOPE: scope }, answering(field));
    expect(statusOf(await way.ask(chatPath, chat()))).toBe('aifd; fwd=uri-miss');
    await expectNotKept(way);
  });

test.each(forbidding)('CACHE_IGNORE_UPSTREAM=true stores a response with %s', async (field) => {
  await using way = await startCached({ CACHE_IGNORE_UPSTREAM: 'true' }, answering(field));
  await askAndKeep(way);
  expectHit(await way.ask(chatPath, chat()));
});

test.each([
  'Cache-Control: no-cache',
  'Cache-Control: public, max-age=0',
  'Cache-Control: x-private',
  'Vary: Accept-Encoding',
  'Vary: Origin, Access-Control-Request-Headers',
  'Set-Cookie: __cf_bm=abc; path=/; HttpOnly',
  'Set-Cookie: AWSALB=abc; Path=/',
])('a response with %s is stored', async (field) => {
  await using way = await startCached({}, answering(field));
  await askAndKeep(way);
  expectHit(await way.ask(chatPath, chat()));
});

test('a request that differs in a field that Vary names gets its own response', async () => {
  await using way = await startCached({}, answering('Vary: Accept-Language, X-Tier'));
  await askAndKeep(way, speaking('de'));
  expectHit(await way.ask(chatPath, speaking('de')));
  expect(statusOf(await way.ask(chatPath, speaking('fr')))).toBe('aifd; fwd=vary-miss; stored');
});

test.each([
  'OpenAI-Beta: a',
  'OpenAI-Project: a',
  'OpenAI-Whatever: a',
  'Anthropic-Beta: a',
  'anthropic-new: a',
])('%s is part of the cache key', async (field) => {
  await using way = await startCached();
  await askAndKeep(way, chat({}, [field]));
  expect(statusOf(await way.ask(chatPath, chat()))).toContain('fwd=uri-miss');
  expectHit(await way.ask(chatPath, chat({}, [field])));
});

test('what the SDKs say of themselves is not part of the cache key', async () => {
  await using way = await startCached();
  await askAndKeep(way, chat({}, ['X-Stainless-Retry-Count: 0', 'User-Agent: a']));
  expectHit(await way.ask(chatPath, chat({}, ['X-Stainless-Retry-Count: 1', 'User-Agent: b'])));
});

test('identical requests at once each get a response of their own where the upstream forbids to share', async () => {
  const gate = Promise.withResolvers<void>();
  await using way = await startCached({ CACHE_SCOPE: 'shared' }, async (request, index) => {
    await request.whole();
    await gate.promise;
    request.answer(200, numbered(index), ['Content-Type: application/json', 'Cache-Control: private']);
  });
  const both = [way.ask(chatPath, chat()), way.ask(chatPath, chat())];
  await until(() => asks(way) > 0, 'the first request is upstream');
  gate.resolve();
  const [one, two] = await Promise.all(both);
  expect(one!.text).not.toBe(two!.text);
  expect(asks(way)).toBe(2);
});

test.each([
  ['the same value', ['de', 'de'], 1],
  ['another value', ['de', 'fr'], 2],
])('identical requests at once with %s of a field that Vary names', async (_what, languages, upstreams) => {
  const gate = Promise.withResolvers<void>();
  await using way = await startCached({}, async (request, index) => {
    await request.whole();
    await gate.promise;
    request.answer(200, numbered(index), ['Content-Type: application/json', 'Vary: Accept-Language']);
  });
  const both = languages.map((language) => begin(way.url, speaking(language)));
  await way.upstream.request(0);
  await Promise.all(both);
  await settled();
  gate.resolve();
  for (const client of await Promise.all(both)) {
    expect((await client.response('POST')).status).toBe(200);
    client.leave();
  }
  expect(asks(way)).toBe(upstreams);
});

test('a Vary with very many names is taken for one that can not be compared', async () => {
  const names = Array.from({ length: 65 }, (_, i) => `x-${i}`).join(', ');
  await using way = await startCached({}, answering(`Vary: ${names}`));
  await way.ask(chatPath, chat());
  await expectNotKept(way);
});

test.each(['Authorization', 'X-Api-Key, Host', 'Cookie, X-Auth-Token'])(
  'a response with Vary: %s is stored, for that caller',
  async (names) => {
    await using way = await startCached({ CACHE_SCOPE: 'shared' }, answering(`Vary: ${names}`));
    const alice = chat({}, ['X-Auth-Token: alice']);
    await askAndKeep(way, alice);
    expectHit(await way.ask(chatPath, alice));
    expect(statusOf(await way.ask(chatPath, chat({}, ['X-Auth-Token: bob'])))).toContain('fwd=uri-miss');
  },
);

test('values of fields that Vary names are not stored as they are', () => {
  const head = { headers: [['vary', 'X-User-Mail, Authorization']] } as unknown as ResponseHead;
  const request = new Headers({ 'x-user-mail': 'alice@example.com', authorization: 'Bearer sk-alice' });
  const vary = variantOf(head, request, { cacheIgnoreUpstream: false, cacheMode: 'on' })!;
  expect(Object.keys(vary)).toEqual(['x-user-mail']);
  expect(JSON.stringify(vary)).not.toContain('alice');
  expect(isVariantOf({ vary }, request)).toBe(true);
  expect(isVariantOf({ vary }, new Headers())).toBe(false);
});

test.each([
  'x-model: a',
  'azureml-model-deployment: a',
  'x-portkey-config: a',
  'Helicone-Prompt-Id: a',
  'x-litellm-enable-message-redaction: a',
  'X-Amzn-Bedrock-GuardrailIdentifier: a',
  'X-DashScope-WorkSpace: a',
  'x-goog-user-project: a',
  'X-Org-Id: a',
  'X-Tenant: a',
  'Prefer: wait',
  'X-HTTP-Method-Override: DELETE',
])('%s may change the answer, and is part of the cache key', async (field) => {
  await using way = await startCached();
  await askAndKeep(way, chat({}, [field]));
  expect(statusOf(await way.ask(chatPath, chat()))).toContain('fwd=uri-miss');
});

test.each([
  'x-stainless-runtime-version',
  'traceparent',
  'x-request-id',
  'x-portkey-trace-id',
  'x-portkey-metadata',
  'Helicone-Property-App',
  'x-litellm-call-id',
  'x-openai-client-user-agent',
  'x-client-version',
  'Idempotency-Key',
  'Accept-Language',
])('%s is not part of the cache key', async (name) => {
  await using way = await startCached();
  await askAndKeep(way, chat({}, [`${name}: a`]));
  expectHit(await way.ask(chatPath, chat({}, [`${name}: b`])));
});

test.each([{ stream: 'true' }, { stream: 1 }, { stream_options: { include_usage: 'yes' } }])(
  'a request whose form can not be told passes the cache by: %j',
  async (more) => {
    await using way = await startCached();
    expect(statusOf(await way.ask(chatPath, chat(more)))).toBe('aifd; fwd=bypass');
  },
);

test('an entry stored against the word of the upstream serves only while that is ignored', async () => {
  await using upstream = await startNumbered(answering('Cache-Control: no-store'));
  const folder = newFolder();
  const asked = chat({ i: 1 });
  const start = (more: object) => spawnBefore(upstream, { ...inLmdb(folder), ...more });
  {
    await using recording = await start({ CACHE_MODE: 'record' });
    await recording.ask(asked);
    await recording.stop('SIGTERM');
  }
  {
    await using replaying = await start({ CACHE_MODE: 'replay' });
    expectHit(await replaying.ask(asked));
    await replaying.stop('SIGTERM');
  }
  await using caching = await start({ CACHE_SCOPE: 'shared' });
  expect(statusOf(await caching.ask(asked))).toBe('aifd; fwd=uri-miss');
}, 30_000);
