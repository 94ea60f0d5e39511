import { expect, test } from 'bun:test';
import type { Handler } from '../support/upstream.ts';
import {
  askAndKeep,
  asks,
  chat,
  chatPath,
  expectHit,
  expectNotKept,
  numbered,
  startCached,
  statusOf,
} from './support.ts';
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
