import { expect, test } from 'bun:test';
import { spawnAifd } from '../support/aifd.ts';
import { Dice } from '../support/random.ts';
import { until } from '../support/until.ts';
import { Client, shakeHands } from './client.ts';
import { clientMask, frame, op } from './frames.ts';
import { startRawUpstream } from './raw-upstream.ts';
import { create, response } from './turns.ts';

const mask = { mask: clientMask };

/** Frames of a client, most of them ones that no client may send. */
function randomFrames(dice: Dice): Buffer {
  const kinds: (() => Buffer)[] = [
    () => frame(op.text, create(), mask),
    () => frame(op.text, create().slice(0, dice.int(1, 40)), { ...mask, fin: false }),
    () => frame(op.continuation, dice.bytes(dice.int(0, 50)), { ...mask, fin: dice.chance(0.5) }),
    () => frame(op.ping, dice.bytes(dice.int(0, 130)), { ...mask, fin: dice.chance(0.8) }),
    () => frame(op.pong, dice.bytes(5), mask),
    () => frame(op.close, dice.bytes(dice.int(0, 4)), mask),
    () => frame(op.text, 'x', { ...mask, rsv: dice.int(1, 7) }),
    () => frame(op.text, 'not masked'),
    () => frame(dice.int(0, 15), dice.bytes(10), mask),
    () => frame(op.binary, 'x', { ...mask, length: dice.pick([126, 70_000, 2 ** 25, 2 ** 40]) }),
    () => frame(op.text, Buffer.from([0xc3, 0x28]), mask),
    () => dice.bytes(dice.int(1, 60)),
  ];
  return Buffer.concat(Array.from({ length: dice.int(1, 8) }, () => dice.pick(kinds)()));
}

test('whatever a client sends, its upstream connection and its place come back, and aifd goes on', async () => {
  using upstream = await startRawUpstream({});
  await using aifd = await spawnAifd({
    OPENAI_BASE_URL: upstream.url,
    CONCURRENCY_LIMIT: '1',
    QUEUE_TIMEOUT: '30',
    MAX_RETRIES: '0',
    LOG_LEVEL: 'info',
  });
  const count = 80;
  for (let seed = 1; seed <= count; seed++) {
    const dice = new Dice(seed);
    using hands = await shakeHands(aifd.url, '/v1/responses');
    for (const piece of dice.cut(randomFrames(dice), 200)) hands.raw.send(piece);
    if (dice.chance(0.5)) await until(() => upstream.peers.length === seed, 'the handshake is upstream');
  }
  await until(
    () => upstream.peers.length === count && upstream.peers.every(({ closed }) => closed),
    'all are let go',
  );
  using client = await Client.open(aifd.url, { path: '/v1/responses' });
  client.socket.send(create());
  const peer = await upstream.peer(count);
  await until(() => peer.frames.length > 0, 'a turn has the place');
  for (const event of response('r', 1, 1)) peer.send(op.text, JSON.stringify(event));
  await client.received(3);
  // One line for each, and no stack trace.
  await until(() => aifd.output.text.match(/ 101 /g)?.length === count, 'each connection has its line');
  expect(aifd.output.text).not.toMatch(/Error|\.ts:\d/);
  expect(aifd.child.exitCode).toBeNull();
}, 30_000);
