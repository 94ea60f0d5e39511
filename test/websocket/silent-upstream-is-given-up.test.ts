import { expect, test } from 'bun:test';
import type { ServerWebSocket } from 'bun';
import type { Connection } from '../../src/gateway/upstream/wire/connection.ts';
import type { RawHandler } from '../../src/gateway/upstream/wire/types.ts';
import { Relay } from '../../src/gateway/websocket/relay.ts';
import { spawnAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { Client } from './client.ts';
import { frame, op, takeFrame } from './frames.ts';
import { create, eventOf, typesOf } from './turns.ts';
import { startRawUpstream } from './raw-upstream.ts';

/** A relay over an upstream that is only written to: a connection whose other end is gone looks so. */
function joined(answers: (bytes: Buffer) => Buffer | undefined) {
  const sent: number[] = [];
  const state = { ended: '', cancelled: false };
  let handler: RawHandler | undefined;
  const upstream = {
    open: true,
    takeOver: (given: RawHandler) => (handler = given),
    send(bytes: Buffer) {
      sent.push(takeFrame(bytes)!.frame.opcode);
      const answer = answers(bytes);
      if (answer) queueMicrotask(() => handler!.data(answer));
    },
    cancel() {
      if (state.cancelled) return;
      state.cancelled = true;
      handler!.close();
    },
    pause() {},
    resume() {},
  } as unknown as Connection;
  const relay = new Relay(upstream, undefined, (how) => (state.ended = how), 10);
  relay.open({ terminate() {}, close() {} } as unknown as ServerWebSocket<unknown>);
  return { relay, sent, state };
}

test('an upstream that answers no ping is given up', async () => {
  const { sent, state } = joined(() => undefined);
  await until(() => state.ended, 'the relay has ended');
  expect({ sent, ...state }).toEqual({ sent: [op.ping], ended: 'cut', cancelled: true });
});

test('an upstream that answers pings is kept', async () => {
  const { sent, state } = joined(() => frame(op.pong));
  await until(() => sent.length >= 5, 'five pings are sent');
  expect(state).toEqual({ ended: '', cancelled: false });
});

test('a turn whose response does not begin in time ends with an error event, and gives its place back', async () => {
  using upstream = await startRawUpstream({});
  await using aifd = await spawnAifd({
    OPENAI_BASE_URL: upstream.url,
    FIRST_BYTE_TIMEOUT: '0.2',
    CONCURRENCY_LIMIT: '1',
    QUEUE_SIZE: '0',
    MAX_RETRIES: '0',
  });
  using client = await Client.open(aifd.url, { path: '/v1/responses' });
  client.socket.send(create({ event_id: 'mine' }));
  await client.received(1);
  expect(eventOf(client.messages[0]!)).toMatchObject({
    type: 'error',
    status: 504,
    error: { code: 'upstream_timeout', event_id: 'mine' },
  });
  expect((await client.end()).code).toBe(1011);
  const peer = await upstream.peer();
  await until(() => peer.closed, 'the upstream is let go');
  await until(() => aifd.output.text.includes(' 504 failed '), 'the turn has its line');
  expect(aifd.output.text).toContain('code=upstream_timeout');
  expect(aifd.output.text).toMatch(/ 101 cut .* turns=1\n/);
  // The next turn has a place.
  using next = await Client.open(aifd.url, { path: '/v1/responses' });
  next.socket.send(create());
  await until(async () => (await ask(aifd.url, '/v1/models')).status === 503, 'the place is taken');
});

test('a response that stops in its middle ends after IDLE_TIMEOUT, an idle WebSocket does not', async () => {
  const created = JSON.stringify({ type: 'response.created', response: { id: 'r' } });
  using upstream = await startRawUpstream({
    joined: (peer) => peer.head.includes('idle') || peer.send(op.text, created),
  });
  await using aifd = await spawnAifd({
    OPENAI_BASE_URL: upstream.url,
    IDLE_TIMEOUT: '0.3',
    MAX_RETRIES: '0',
  });
  using idle = await Client.open(aifd.url, { path: '/v1/realtime?idle' });
  using client = await Client.open(aifd.url, { path: '/v1/realtime' });
  await client.received(2);
  expect(typesOf(client)).toEqual(['response.created', 'error']);
  expect((await client.end()).code).toBe(1011);
  expect(idle.socket.readyState).toBe(WebSocket.OPEN);
});
