import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { Client } from './client.ts';
import { closing, op } from './frames.ts';
import { startRawUpstream } from './raw-upstream.ts';

test('what the client sent before it closed arrives upstream before the close, slow as that may be', async () => {
  using upstream = await startRawUpstream({ joined: ({ socket }) => socket.pause() });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await Client.open(aifd.url);
  for (let i = 0; i < 16; i++) client.socket.send(Buffer.alloc(1024 * 1024));
  client.socket.close(4002, 'bye');
  const peer = await upstream.peer();
  peer.socket.resume();
  await until(
    () => peer.frames.some(({ opcode }) => opcode === op.close) || peer.closed,
    'the close is upstream',
  );
  expect(peer.frames.map(({ opcode }) => opcode)).toEqual([
    ...Array.from({ length: 16 }, () => op.binary),
    op.close,
  ]);
  expect(peer.frames.at(-1)!.payload).toEqual(closing(4002, 'bye'));
});
