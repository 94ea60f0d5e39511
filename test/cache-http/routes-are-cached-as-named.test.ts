import { expect, test } from 'bun:test';
import { Dice } from '../support/random.ts';
import { ask } from '../support/raw.ts';
import {
  asks,
  askAndKeep,
  chat,
  chatPath,
  expectHit,
  expectNotKept,
  jsonType,
  settled,
  startCached,
  startWay,
  statusOf,
} from './support.ts';

const counting =
  (type = jsonType[0]!) =>
  async (
    request: { whole(): Promise<unknown>; answer(s: number, b: string, h: string[]): void },
    index: number,
  ) => {
    await request.whole();
    request.answer(
      200,
      JSON.stringify({ index, data: [{ embedding: [0.1], index: 0, object: 'embedding' }], object: 'list' }),
      [type],
    );
  };
const post = (body: unknown) => ({ method: 'POST', headers: jsonType, body: JSON.stringify(body) });

test('routes are exact, and /* is everything below', async () => {
  await using way = await startWay({ CACHE_ROUTES: '["/v1/models", "/v1/things/*"]' }, counting());
  const isCached: [string, boolean][] = [
    ['/v1/models', true],
    ['/v1/models?a=1', true],
    ['/v1/models/x', false],
    ['/v1/modelsx', false],
    ['/v1/things/a', true],
    ['/v1/things/a/b', true],
    ['/v1/thingsa', false],
    ['/v1/things', false],
    [chatPath, false],
    ['/v1/embeddings', false],
  ];
  for (const [path, cached] of isCached) {
    const first = await way.ask(path);
    await settled();
    const second = await way.ask(path);
    expect([path, first.header('cache-status'), second.header('cache-status')?.includes('hit')]).toEqual(
      cached ? [path, 'aifd; fwd=uri-miss; stored', true] : [path, undefined, undefined],
    );
  }
});

test('a route is named as its target says it, with or without /v1', async () => {
  await using way = await startCached({});
  await using there = await (
    await import('./support.ts')
  ).startBefore(way.upstream, { OPENAI_BASE_URL: `${way.upstream.url}/v1`, CACHE_CHAT_COMPLETION: 'true' });
  const first = await there.ask('/chat/completions', chat());
  expect(statusOf(first)).toBe('aifd; fwd=uri-miss; stored');
});

test('embeddings are cached by their own option, float and base64 apart', async () => {
  await using way = await startWay({ CACHE_EMBEDDING: 'true' }, counting());
  await way.ask('/v1/embeddings', post({ model: 'e', input: 'a' }));
  await settled();
  expectHit(await way.ask('/v1/embeddings', post({ input: 'a', model: 'e' })));
  expect(
    statusOf(await way.ask('/v1/embeddings', post({ input: 'a', model: 'e', encoding_format: 'base64' }))),
  ).toContain('miss');
  expect((await way.ask(chatPath, chat())).header('cache-status')).toBeUndefined();
});

test('a binary answer is replayed byte for byte, with its type', async () => {
  const audio = new Dice(5).bytes(200_000);
  await using way = await startWay({ CACHE_ROUTES: '["/v1/audio/*"]' }, async (request) => {
    await request.whole();
    request.send(
      'HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Disposition: attachment; filename=a.mp3\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    for (let at = 0; at < audio.length; at += 30_000) {
      const piece = audio.subarray(at, at + 30_000);
      request
        .send(`${piece.length.toString(16)}\r\n`)
        .send(piece)
        .send('\r\n');
    }
    request.send('0\r\n\r\n');
  });
  const speech = post({ model: 'tts', input: 'hi', voice: 'x' });
  await askAndKeep(way, speech, '/v1/audio/speech');
  const hit = await way.ask('/v1/audio/speech', speech);
  expectHit(hit);
  expect(hit.body.equals(audio)).toBe(true);
  expect([hit.header('content-type'), hit.header('content-disposition')]).toEqual([
    'audio/mpeg',
    'attachment; filename=a.mp3',
  ]);
  expect(asks(way)).toBe(1);
});

test('methods other than POST and GET pass by', async () => {
  await using way = await startCached({ CACHE_ROUTES: '["/v1/models"]' });
  await askAndKeep(way, {}, '/v1/models');
  for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']) {
    const before = asks(way);
    const response = await way.ask('/v1/models', { method });
    expect([method, statusOf(response), asks(way)]).toEqual([method, 'aifd; fwd=method', before + 1]);
  }
  expectHit(await way.ask('/v1/models'));
  expect(statusOf(await way.ask('/v1/models', { method: 'POST' }))).toContain('miss');
});

test.each(['[1]', '"text"', 'nonsense', '{"a":1', '{"a":1}{"b":2}', 'null', `${'['.repeat(5000)}`])(
  'a body that is no JSON object passes by: %s',
  async (body) => {
    await using way = await startCached();
    for (let i = 1; i < 3; i++) {
      const response = await way.ask(chatPath, { method: 'POST', headers: jsonType, body });
      expect([statusOf(response), asks(way)]).toEqual(['aifd; fwd=bypass', i]);
      expect(way.upstream.requests.at(-1)!.text).toBe(body);
    }
  },
);

test('a body over 8 MB passes by, whole', async () => {
  await using way = await startCached();
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x'.repeat(9 * 2 ** 20) }] });
  const response = await way.ask(chatPath, { method: 'POST', headers: jsonType, body });
  expect(statusOf(response)).toBe('aifd; fwd=bypass');
  expect(way.upstream.requests[0]!.text === body).toBe(true);
});

test('a preflight is not asked of the cache', async () => {
  await using way = await startCached({ CORS_ORIGINS: 'http://a.test' });
  const headers = ['Origin: http://a.test', 'Access-Control-Request-Method: POST'];
  const response = await ask(way.url, chatPath, { method: 'OPTIONS', headers });
  expect([response.status, asks(way)]).toEqual([204, 0]);
  await askAndKeep(way);
  const hit = await way.ask(chatPath, chat({}, ['Origin: http://a.test']));
  expectHit(hit);
  expect(hit.header('access-control-allow-origin')).toBe('http://a.test');
});

test('a page of a site that is not allowed leaves nothing for another', async () => {
  await using way = await startCached({ CORS_ORIGINS: 'http://a.test' });
  await askAndKeep(way, chat({}, ['Origin: http://a.test']));
  const hit = await way.ask(chatPath, chat({}, ['Origin: http://evil.test']));
  expect(hit.header('access-control-allow-origin')).toBeUndefined();
});

test('an event stream of an unknown route is kept as it came', async () => {
  await using way = await startWay({ CACHE_ROUTES: '["/v1/other"]' }, async (request) => {
    await request.whole();
    request.answer(200, 'data: 1\n\ndata: 2\n\n', ['Content-Type: text/event-stream']);
  });
  const asked = post({ stream: true });
  const first = await way.ask('/v1/other', asked);
  await settled();
  expect((await way.ask('/v1/other', asked)).text).toBe(first.text);
  void expectNotKept;
});
