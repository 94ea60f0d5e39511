import { expect, test } from 'bun:test';
import {
  askAndKeep,
  asks,
  begin,
  chat,
  chatPath,
  expectHit,
  expectNotKept,
  jsonType,
  numbered,
  settled,
  startCached,
  statusOf,
} from './support.ts';

const control = (value: string) => chat({}, [`Cache-Control: ${value}`]);

test.each(['no-cache', 'No-Cache', 'max-age=0', 'foo, no-cache="x", bar'])(
  '%s asks anew, and keeps that answer',
  async (value) => {
    await using way = await startCached();
    const first = await askAndKeep(way);
    await Bun.sleep(5);
    const second = await way.ask(chatPath, control(value));
    expect(statusOf(second)).toBe('aifd; fwd=request; stored');
    expect(second.text).not.toBe(first.text);
    await settled();
    const third = await way.ask(chatPath, chat());
    expectHit(third);
    expect(third.text).toBe(second.text);
    expect(asks(way)).toBe(2);
  },
);

test('pragma: no-cache does so too', async () => {
  await using way = await startCached();
  await askAndKeep(way);
  expect(statusOf(await way.ask(chatPath, chat({}, ['Pragma: no-cache'])))).toContain('fwd=request');
});

test('no-store does not keep, but is answered from what is kept', async () => {
  await using way = await startCached();
  const first = await way.ask(chatPath, control('no-store'));
  expect(statusOf(first)).toBe('aifd; fwd=uri-miss');
  await expectNotKept(way);
  await askAndKeep(way);
  expectHit(await way.ask(chatPath, control('no-store')));
});

test('no-cache with no-store leaves the kept answer as it is', async () => {
  await using way = await startCached();
  const first = await askAndKeep(way);
  expect(statusOf(await way.ask(chatPath, control('no-cache, no-store')))).toBe('aifd; fwd=request');
  await settled();
  expect((await way.ask(chatPath, chat())).text).toBe(first.text);
});

test('max-age takes nothing older', async () => {
  await using way = await startCached();
  await askAndKeep(way);
  expectHit(await way.ask(chatPath, control('max-age=60')));
  await Bun.sleep(1050);
  expect(statusOf(await way.ask(chatPath, control('max-age=1')))).toBe('aifd; fwd=request; stored');
});

test('only-if-cached never asks: a miss is 504', async () => {
  await using way = await startCached();
  const miss = await way.ask(chatPath, control('only-if-cached'));
  expect(miss.status).toBe(504);
  expect(miss.json()).toMatchObject({ error: { code: 'cache_miss' } });
  expect(miss.header('x-should-retry')).toBe('false');
  expect(way.upstream.accepted).toBe(0);
  await askAndKeep(way);
  expectHit(await way.ask(chatPath, control('only-if-cached')));
  const both = await way.ask(chatPath, control('only-if-cached, no-cache'));
  expect(both.status).toBe(504);
  expect(asks(way)).toBe(1);
});

test('only-if-cached never asks where the cache has no part in the request either', async () => {
  await using way = await startCached();
  const response = await way.ask(chatPath, chat({ caching: false }, ['Cache-Control: only-if-cached']));
  expect([response.status, asks(way)]).toEqual([504, 0]);
});

test('who wants a new answer does not share one that began before', async () => {
  await using way = await startCached({}, async (request) => void (await request.whole()));
  using first = await begin(way.url);
  const early = await way.upstream.request(0);
  using second = await begin(way.url, control('no-cache'));
  const late = await way.upstream.request(1);
  late.answer(200, numbered(1), jsonType);
  expect((await second.response('POST')).text).toContain('answer 1');
  early.answer(200, numbered(0), jsonType);
  expect((await first.response('POST')).text).toContain('answer 0');
});

test('a no-store request shares its answer with nobody', async () => {
  await using way = await startCached({}, async (request) => void (await request.whole()));
  using first = await begin(way.url, control('no-store'));
  const one = await way.upstream.request(0);
  using second = await begin(way.url);
  const two = await way.upstream.request(1);
  one.answer(200, numbered(0), jsonType);
  two.answer(200, numbered(1), jsonType);
  expect((await first.response('POST')).text).toContain('answer 0');
  expect((await second.response('POST')).text).toContain('answer 1');
});

test('a range is a part, and is not kept nor served', async () => {
  await using way = await startCached();
  await askAndKeep(way);
  expect(statusOf(await way.ask(chatPath, chat({}, ['Range: bytes=0-3'])))).toBe('aifd; fwd=bypass');
});
