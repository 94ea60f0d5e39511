import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { shakeHands } from './client.ts';
import { clientMask, frame, op, takeFrame } from './frames.ts';
import { startRawUpstream } from './raw-upstream.ts';

test("the upstream's ping, between two fragments even, gets a masked pong with its bytes", async () => {
  using upstream = await startRawUpstream({
    joined: (peer) =>
      peer.send(op.text, 'a', { fin: false }).send(op.ping, 'are you there').send(op.continuation, 'b'),
  });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using hands = await shakeHands(aifd.url);
  const { raw } = hands;
  const peer = await upstream.peer();
  await until(() => peer.frames.length > 0, 'the pong is upstream');
  expect(peer.frames[0]).toMatchObject({
    opcode: op.pong,
    masked: true,
    payload: Buffer.from('are you there'),
  });
  await until(() => raw.bytes.length >= 4, 'the message comes');
  expect(takeFrame(raw.bytes)!.frame).toMatchObject({ opcode: op.text, payload: Buffer.from('ab') });
});

test("the client's ping gets a pong with its bytes", async () => {
  using upstream = await startRawUpstream({});
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using hands = await shakeHands(aifd.url);
  const { raw } = hands;
  raw.send(frame(op.ping, 'hello?', { mask: clientMask }));
  await until(() => takeFrame(raw.bytes) !== undefined, 'the pong comes');
  expect(takeFrame(raw.bytes)!.frame).toMatchObject({ opcode: op.pong, payload: Buffer.from('hello?') });
});

test('a pong that nobody asked for harms nothing', async () => {
  using upstream = await startRawUpstream({
    joined: (peer) => peer.send(op.pong, 'x').send(op.text, 'after'),
  });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using hands = await shakeHands(aifd.url);
  const { raw } = hands;
  await until(() => raw.bytes.includes('after'), 'the message comes');
});
