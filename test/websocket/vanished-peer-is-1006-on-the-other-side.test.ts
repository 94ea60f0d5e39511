import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { Client, shakeHands } from './client.ts';
import { startRawUpstream } from './raw-upstream.ts';
import { startWebSocketUpstream } from './upstream.ts';

test.each(['end', 'resetAndDestroy'] as const)(
  'the upstream is gone (%s): the client sees 1006',
  async (how) => {
    using upstream = await startRawUpstream({});
    await using aifd = await startAifd(forwardingTo(upstream.url));
    using client = await Client.open(aifd.url);
    (await upstream.peer()).socket[how]();
    expect((await client.end()).code).toBe(1006);
  },
);

test('the client is gone: the upstream sees 1006 within a second', async () => {
  await using upstream = startWebSocketUpstream();
  await using aifd = await startAifd(forwardingTo(upstream.url));
  const { raw } = await shakeHands(aifd.url);
  await until(() => upstream.sockets.length === 1, 'it is open upstream');
  raw.leave();
  await until(() => upstream.sockets[0]!.readyState === 3, 'it ends upstream', 1000);
  expect((await upstream.end()).code).toBe(1006);
});

test('the client is gone while its messages wait for a full upstream: the upstream ends within a second', async () => {
  using upstream = await startRawUpstream({ joined: ({ socket }) => socket.pause() });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  const client = await Client.open(aifd.url);
  const peer = await upstream.peer();
  for (let i = 0; i < 32; i++) client.socket.send(Buffer.alloc(1024 * 1024));
  await until(() => peer.socket.readableLength > 0 || peer.socket.isPaused(), 'the upstream is full');
  client.socket.terminate();
  peer.socket.resume();
  await until(() => peer.closed, 'it ends upstream', 1000);
});
