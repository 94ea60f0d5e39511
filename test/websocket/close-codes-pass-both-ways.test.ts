import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { Client } from './client.ts';
import { closing, op } from './frames.ts';
import { startRawUpstream } from './raw-upstream.ts';
import { startWebSocketUpstream } from './upstream.ts';

const codes: [number, string][] = [
  [1000, ''],
  [1000, 'done'],
  [4001, 'sitting time expired: 中'],
  [4999, 'x'.repeat(123)],
];

test.each(codes)("the client's close %d %p reaches the upstream", async (code, reason) => {
  await using upstream = startWebSocketUpstream();
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await Client.open(aifd.url);
  client.socket.close(code, reason);
  expect(await upstream.end()).toEqual({ code, reason });
});

test.each([...codes, [1001, 'going'], [1011, 'broke'], [1012, '']] as [number, string][])(
  "the upstream's close %d %p reaches the client",
  async (code, reason) => {
    using upstream = await startRawUpstream({ joined: (peer) => peer.send(op.close, closing(code, reason)) });
    await using aifd = await startAifd(forwardingTo(upstream.url));
    using client = await Client.open(aifd.url);
    expect(await client.end()).toEqual({ code, reason });
    const peer = await upstream.peer();
    peer.socket.end();
    // The close is answered with the same code (RFC 6455 §5.5.1).
    expect(peer.frames.at(-1)).toMatchObject({ opcode: op.close, payload: closing(code, reason) });
  },
);

test('a message sent just before the close still comes', async () => {
  using upstream = await startRawUpstream({
    joined: (peer) => peer.send(op.text, 'last').send(op.close, closing(4001, 'bye')),
  });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await Client.open(aifd.url);
  expect(await client.end()).toEqual({ code: 4001, reason: 'bye' });
  expect(client.messages).toEqual(['last']);
});
