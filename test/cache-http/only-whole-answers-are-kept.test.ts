import { expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import type { UpstreamRequest } from '../support/upstream.ts';
import {
  answerStream,
  askAndKeep,
  asks,
  begin,
  chat,
  chatPath,
  chunk,
  doneEvent,
  event,
  events,
  expectHit,
  expectNotKept,
  jsonType,
  numbered,
  settled,
  sseType,
  startCached,
  streamHead,
} from './support.ts';

const plain =
  (status: number, body: string, headers = jsonType) =>
  (request: UpstreamRequest) =>
    request.answer(status, body, headers);
const stream =
  (...pieces: string[]) =>
  (request: UpstreamRequest) =>
    answerStream(request, ...pieces);
const withoutFinish = JSON.stringify({
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: null }],
});
const errorEvent = 'data: {"error":{"message":"overloaded","type":"server_error"}}\n\n';

const never: [string, boolean, (request: UpstreamRequest) => unknown][] = [
  ['400', false, plain(400, '{"error":{"message":"no"}}')],
  ['401', false, plain(401, '{"error":{"message":"no"}}')],
  ['404', false, plain(404, numbered(0))],
  ['429', false, plain(429, '{"error":{"message":"no"}}')],
  ['500', false, plain(500, '{"error":{"message":"no"}}')],
  ['503', false, plain(503, numbered(0))],
  ['201', false, plain(201, numbered(0))],
  ['204', false, (request) => request.send('HTTP/1.1 204 No Content\r\n\r\n')],
  ['206', false, plain(206, numbered(0))],
  ['200 with an error body', false, plain(200, '{"error":{"message":"no","code":500}}')],
  ['200 with an empty body', false, plain(200, '')],
  ['200 that is no JSON', false, plain(200, '<html>busy</html>', ['Content-Type: text/html'])],
  ['200 with broken JSON', false, plain(200, numbered(0).slice(0, -2))],
  ['200 with no choices', false, plain(200, '{"object":"chat.completion","choices":[]}')],
  ['200 without a finish reason', false, plain(200, withoutFinish)],
  ['200 with an array', false, plain(200, '[]')],
  [
    'JSON cut by the connection',
    false,
    (request) => {
      const body = numbered(0);
      request.send(
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 20)}`,
      );
      setTimeout(() => request.die(), 30);
    },
  ],
  [
    'JSON until the close, reset',
    false,
    (request) => {
      request.send(
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${numbered(0).slice(0, -1)}`,
      );
      setTimeout(() => request.die(), 30);
    },
  ],
  [
    'JSON until the close, cut in order',
    false,
    (request) => {
      request.send(
        `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${numbered(0).slice(0, -1)}`,
      );
      request.end();
    },
  ],
  ['a stream with an error event', true, stream(event('a'), errorEvent)],
  [
    'a stream with an error event and a done',
    true,
    stream(event('a'), errorEvent, event('', 'stop'), doneEvent),
  ],
  [
    'a stream with an error as its event name',
    true,
    stream(event('a'), 'event: error\ndata: {"message":"x"}\n\n', event('', 'stop'), doneEvent),
  ],
  [
    'a stream cut in a chunk',
    true,
    (request) => {
      request
        .send(streamHead)
        .send(chunk(event('a')))
        .send('ff\r\ndata');
      setTimeout(() => request.die(), 30);
    },
  ],
  [
    'a stream that has all but the last chunk',
    true,
    (request) => {
      request.send(streamHead).send(chunk(events('a')));
      setTimeout(() => request.die(), 30);
    },
  ],
  ['a stream that ends without [DONE] and finish', true, stream(event('a'))],
  ['a stream that ends without [DONE]', true, stream(event('a'), event('', 'stop'))],
  ['a stream without a finish reason', true, stream(event('a'), doneEvent)],
  [
    'a stream where one of two choices has no finish',
    true,
    stream(event('a'), event('b').replace('"index":0', '"index":1'), event('', 'stop'), doneEvent),
  ],
  ['an empty stream', true, stream(doneEvent)],
  ['a stream of nothing', true, stream()],
  ['a stream whose last event is cut', true, stream(event('a'), event('', 'stop'), 'data: [DON')],
  ['a plain error where a stream was asked', true, plain(200, '{"error":{"message":"x"}}')],
];

test.each(never)('is never kept: %s', async (_, isStream, answer) => {
  await using way = await startCached({}, async (request) => {
    await request.whole();
    if (request.message.complete) answer(request);
  });
  const asked = chat(isStream ? { stream: true } : {});
  const client = await begin(way.url, asked);
  await client.response('POST').catch(() => {});
  client.leave();
  await expectNotKept(way, asked);
  const from = asks(way);
  const second = await begin(way.url, asked);
  await way.upstream.request(from);
  second.leave();
});

test.each([false, true])(
  'is never kept: what was left by the client before its end (stream %p)',
  async (isStream) => {
    await using way = await startCached({}, async (request) => void (await request.whole()));
    const asked = chat({ stream: isStream });
    const client = await begin(way.url, asked);
    const request = await way.upstream.request(0);
    if (isStream) {
      request.send(streamHead).send(chunk(event('a')));
      await client.seen('"a"');
    }
    client.leave();
    await request.gone;
    await expectNotKept(way, asked);
  },
);

test('is never kept: what came after the client had left', async () => {
  await using way = await startCached({}, async (request) => void (await request.whole()));
  const client = await begin(way.url);
  const request = await way.upstream.request(0);
  client.leave();
  request.answer(200, numbered(0), jsonType);
  await request.gone;
  await expectNotKept(way);
});

test('where others wait it goes on for them, and is kept', async () => {
  await using way = await startCached({}, async (request) => void (await request.whole()));
  const leader = await begin(way.url);
  const request = await way.upstream.request(0);
  using other = await begin(way.url);
  await settled();
  leader.leave();
  await settled();
  request.answer(200, numbered(0), jsonType);
  expect((await other.response('POST')).text).toBe(numbered(0));
  await settled();
  expectHit(await way.ask(chatPath, chat()));
});

test('a whole stream is kept, with comments, CRLF and without space behind the colon', async () => {
  const text = `: hello\n\n${events('a', 'b')}`.replaceAll('\n', '\r\n').replaceAll('data: ', 'data:');
  await using way = await startCached({}, async (request) => {
    await request.whole();
    answerStream(request, ...text.match(/[^]{1,7}/g)!);
  });
  const asked = chat({ stream: true });
  const first = await askAndKeep(way, asked);
  const hit = await way.ask(chatPath, asked);
  expectHit(hit);
  expect(first.text).toBe(text);
  expect(hit.text).toBe(text);
  expect(hit.header('content-type')).toBe('text/event-stream');
});

test('a stream without framing, to the orderly close, is kept', async () => {
  await using way = await startCached({}, async (request) => {
    await request.whole();
    request.send(`HTTP/1.1 200 OK\r\n${sseType}\r\nConnection: close\r\n\r\n${events('a')}`);
    request.end();
  });
  const asked = chat({ stream: true });
  await askAndKeep(way, asked);
  expect((await way.ask(chatPath, asked)).text).toBe(events('a'));
});

test('the upstream is asked for no compression, and what is compressed even so passes and is not kept', async () => {
  const body = gzipSync(numbered(0));
  await using way = await startCached({}, async (request) => {
    await request.whole();
    request.answer(200, body, [...jsonType, 'Content-Encoding: gzip']);
  });
  const asked = chat({}, ['Accept-Encoding: gzip, br']);
  const first = await way.ask(chatPath, asked);
  expect(first.body.equals(body)).toBe(true);
  expect(first.header('content-encoding')).toBe('gzip');
  expect(first.header('cache-status')).toBe('aifd; fwd=uri-miss');
  expect(way.upstream.requests[0]!.all('accept-encoding')).toEqual(['identity']);
  await expectNotKept(way, asked);
});

test('an answer over CACHE_MAX_ENTRY_SIZE passes whole and is not kept', async () => {
  const big = numbered(0, { padding: 'x'.repeat(300_000) });
  await using way = await startCached({ CACHE_MAX_ENTRY_SIZE: '100kb' }, async (request) => {
    await request.whole();
    request.answer(200, big, jsonType);
  });
  const first = await way.ask(chatPath, chat());
  expect(first.text === big).toBe(true);
  await expectNotKept(way);
});
