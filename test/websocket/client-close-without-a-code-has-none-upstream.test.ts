import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { shakeHands } from './client.ts';
import { clientMask, frame, op } from './frames.ts';
import { startRawUpstream } from './raw-upstream.ts';

test("a client's close without a code reaches the upstream without one", async () => {
  using upstream = await startRawUpstream({});
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using hands = await shakeHands(aifd.url);
  const { raw } = hands;
  const peer = await upstream.peer();
  raw.send(frame(op.close, '', { mask: clientMask }));
  await until(() => peer.frames.length > 0 || peer.closed, 'the close is upstream');
  expect(peer.frames.map(({ opcode, payload }) => [opcode, payload.toString('hex')])).toEqual([
    [op.close, ''],
  ]);
});
