import { expect, test } from 'bun:test';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { RawClient } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';
import {
  answerNumbered,
  asks,
  bearer,
  chat,
  chatPath,
  events,
  answerStream,
  expectHit,
  settled,
  startBefore,
  startCached,
  startWay,
  statusOf,
} from './support.ts';

const folder = () => mkdtempSync(join('/tmp', 'aifd-cache-'));
const lmdb = (root: string, mode: string) => ({
  CACHE_CHAT_COMPLETION: 'true',
  CACHE_EMBEDDING: 'true',
  CACHE_ROUTES: '["/v1/models"]',
  CACHE_BACKEND: 'LMDB',
  CACHE_ROOT_PATH_OR_URL: root,
  CACHE_MODE: mode,
});

test('record always asks and always keeps', async () => {
  await using way = await startCached({ CACHE_MODE: 'record' });
  for (let i = 0; i < 3; i++) {
    const response = await way.ask(chatPath, chat());
    expect(response.text).toContain(`answer ${i}`);
    expect(statusOf(response)).toBe('aifd; fwd=uri-miss; stored');
    await settled();
  }
  expect((await way.ask(chatPath, chat({ caching: false }))).header('cache-status')).toContain('stored');
  expect(asks(way)).toBe(4);
});

test('replay never asks, and says what was asked when it has no answer', async () => {
  const root = folder();
  const upstream = await startUpstream(async (request, index) => {
    await request.whole();
    if (request.text.includes('"stream":true')) answerStream(request, events('streamed'));
    else await answerNumbered(request, index);
  });
  const { port } = upstream;
  {
    await using recording = await startBefore(upstream, {
      ...lmdb(root, 'record'),
      OPENAI_BASE_URL: upstream.url,
    });
    await recording.ask(chatPath, chat({ caching: false }, [bearer('sk-one')]));
    await recording.ask(chatPath, chat({ stream: true, seed: 7 }));
    await recording.ask('/v1/models');
    await settled();
  }
  // Another server at the same place: the target is part of the question.
  const silent = await startUpstream(undefined, { port });
  await using way = await startBefore(silent, { ...lmdb(root, 'replay'), OPENAI_BASE_URL: silent.url });
  for (const asked of [
    chat({}, [bearer('sk-two')]),
    chat({ caching: false }),
    chat({}, ['Cache-Control: no-cache']),
  ]) {
    const hit = await way.ask(chatPath, asked);
    expectHit(hit);
    expect([hit.status, hit.text.includes('answer 0')]).toEqual([200, true]);
  }
  expect((await way.ask(chatPath, chat({ stream: true, seed: 7 }))).text).toBe(events('streamed'));
  const question = [{ role: 'user', content: 'never asked before' }];
  const miss = await way.ask(chatPath, chat({ messages: question, model: 'gpt-x' }));
  expect(miss.status).toBe(504);
  expect(miss.header('x-should-retry')).toBe('false');
  const { error } = miss.json() as { error: { code: string; message: string } };
  expect(error.code).toBe('cache_miss');
  for (const part of ['POST /v1/chat/completions', 'gpt-x', 'never asked before'])
    expect(error.message).toContain(part);
  const uncached = await way.ask('/v1/responses', chat());
  const put = await way.ask(chatPath, { ...chat(), method: 'PUT' });
  const broken = await way.ask(chatPath, { ...chat(), body: '{"a' });
  const ranged = await way.ask(chatPath, chat({}, ['Range: bytes=0-1']));
  expect([uncached, put, broken, ranged].map(({ status }) => status)).toEqual([504, 504, 504, 504]);
  using socket = await RawClient.open(way.url);
  socket.send(
    'GET /v1/realtime HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  expect((await socket.response()).status).toBe(504);
  expect(way.upstream.accepted).toBe(0);
}, 20_000);

test('replay checks keys and limits all the same', async () => {
  await using way = await startWay({
    ...lmdb(folder(), 'replay'),
    FORWARD_KEY: 'fk-one',
    OPENAI_API_KEY: 'sk',
    REQ_RATE_LIMIT: '{"/":"2/hour"}',
  });
  expect((await way.ask(chatPath, chat())).status).toBe(401);
  const statuses = await way.statuses(3, chatPath, chat({}, [bearer('fk-one')]));
  expect(statuses).toEqual([504, 504, 429]);
  expect(way.upstream.accepted).toBe(0);
});

test('a recording outlives CACHE_TTL', async () => {
  const root = folder();
  const upstream = await startUpstream(answerNumbered);
  const { port } = upstream;
  const env = { CACHE_TTL: '50ms', OPENAI_BASE_URL: upstream.url };
  {
    await using recording = await startBefore(upstream, { ...lmdb(root, 'record'), ...env });
    await recording.ask(chatPath, chat());
    await settled();
  }
  await Bun.sleep(100);
  await using way = await startBefore(await startUpstream(undefined, { port }), {
    ...lmdb(root, 'replay'),
    ...env,
  });
  expect(statusOf(await way.ask(chatPath, chat()))).toBe('aifd; hit');
  expect(way.upstream.accepted).toBe(0);
});
