import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { Dice } from '../support/random.ts';
import { Client } from './client.ts';
import { frame, op } from './frames.ts';
import { startRawUpstream } from './raw-upstream.ts';

/** A message as frames cut anywhere, pings among them. */
function fragments(dice: Dice, opcode: number, payload: Buffer): Buffer {
  const pieces = dice.cut(payload, dice.pick([1, 30, 200, 100_000]) + Math.floor(payload.length / 20));
  const frames = pieces.flatMap((piece, i) => {
    const part = frame(i === 0 ? opcode : op.continuation, piece, { fin: i === pieces.length - 1 });
    return dice.chance(0.3) ? [part, frame(op.pong, 'p')] : [part];
  });
  return Buffer.concat(frames);
}

test.each([1, 2, 3, 4, 5])(
  'messages in fragments, and the bytes cut anywhere, arrive whole (seed %d)',
  async (seed) => {
    const dice = new Dice(seed);
    const sent = Array.from({ length: 30 }, (_, i) =>
      i % 2 === 0 ? Buffer.from('é中😀'.repeat(dice.int(1, 300))) : dice.bytes(dice.int(1, 150_000)),
    );
    const bytes = Buffer.concat(
      sent.map((each, i) => fragments(dice, i % 2 === 0 ? op.text : op.binary, each)),
    );
    using upstream = await startRawUpstream({
      joined: async ({ socket }) => {
        socket.setNoDelay(true);
        for (const piece of dice.cut(bytes, 20_000)) {
          socket.write(piece);
          await Bun.sleep(0);
        }
      },
    });
    await using aifd = await startAifd(forwardingTo(upstream.url));
    using client = await Client.open(aifd.url);
    const got = await client.received(sent.length);
    for (const [i, each] of sent.entries()) {
      expect(typeof got[i]).toBe(i % 2 === 0 ? 'string' : 'object');
      expect(Buffer.compare(Buffer.from(got[i] as string), each)).toBe(0);
    }
  },
);

test('the first message may come in one piece with the handshake, byte by byte after it', async () => {
  const bytes = frame(op.text, 'x'.repeat(70_000));
  using upstream = await startRawUpstream({
    joined: async ({ socket }) => {
      socket.setNoDelay(true);
      for (let i = 0; i < 14; i++) {
        socket.write(bytes.subarray(i, i + 1));
        await Bun.sleep(1);
      }
      socket.write(bytes.subarray(14));
    },
  });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await Client.open(aifd.url);
  expect((await client.received(1))[0]!.length).toBe(70_000);
});
