import { expect, test } from 'bun:test';
import { spawnAifd } from '../support/aifd.ts';
import { until } from '../support/until.ts';
import { shakeHands } from './client.ts';
import { clientMask, frame, op, takeFrame } from './frames.ts';
import { startRawUpstream } from './raw-upstream.ts';

const mask = { mask: clientMask };

test("a client's pings and pongs, asked for or not, do not reach the upstream and harm nothing", async () => {
  using upstream = await startRawUpstream({});
  await using aifd = await spawnAifd({ OPENAI_BASE_URL: upstream.url });
  using hands = await shakeHands(aifd.url);
  const { raw } = hands;
  raw
    .send(frame(op.pong, '', mask))
    .send(frame(op.pong, 'p', mask))
    .send(frame(op.ping, 'q', mask));
  raw.send(frame(op.text, 'after', mask));
  const peer = await upstream.peer();
  await until(() => peer.frames.length > 0, 'the message is upstream');
  expect(peer.frames.map(({ opcode, payload }) => [opcode, payload.toString()])).toEqual([
    [op.text, 'after'],
  ]);
  expect(takeFrame(raw.bytes)!.frame).toMatchObject({ opcode: op.pong, payload: Buffer.from('q') });
  expect(aifd.child.exitCode).toBeNull();
  expect(aifd.output.text).not.toContain('Error');
});
