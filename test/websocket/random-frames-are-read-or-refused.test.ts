import { expect, test } from 'bun:test';
import { FrameError, FrameReader } from '../../src/gateway/websocket/frames.ts';
import { Dice } from '../support/random.ts';
import { clientMask, frame, op } from './frames.ts';

const MOST = 70_000;

/** What a reader makes of `bytes` in these pieces: each message in a line, then the error. */
function readAll(pieces: readonly Uint8Array[]): string[] {
  const seen: string[] = [];
  const reader = new FrameReader(MOST, (opcode, data, start, end) => {
    seen.push(`${opcode} ${data.toString('hex', start, end)}`);
  });
  try {
    // The socket's memory is used again: a view that was kept would change.
    for (const piece of pieces) reader.feed(Buffer.from(piece));
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    seen.push(`error ${error.code}`);
  }
  return seen;
}

/** A message of some length in fragments, control frames between them, and what is to be read of it. */
function randomMessage(dice: Dice): { bytes: Buffer[]; seen: string[] } {
  const opcode = dice.pick([op.text, op.binary]);
  const payload = dice.bytes(dice.pick([0, 1, 125, 126, 127, 300, dice.int(0, 2000), 65_535, 65_536]));
  const fragments = dice.chance(0.5) ? [payload] : dice.cut(payload, Math.max(1, payload.length / 2));
  const bytes: Buffer[] = [];
  const seen: string[] = [];
  const parts = fragments.length === 0 ? [Buffer.alloc(0)] : fragments;
  for (const [i, part] of parts.entries()) {
    const fin = i === parts.length - 1;
    bytes.push(frame(i === 0 ? opcode : op.continuation, part, { fin }));
    if (fin || !dice.chance(0.4)) continue;
    const control = dice.pick([op.ping, op.pong]);
    const inside = dice.bytes(dice.int(0, 125));
    bytes.push(frame(control, inside));
    seen.push(`${control} ${inside.toString('hex')}`);
  }
  return { bytes, seen: [...seen, `${opcode} ${payload.toString('hex')}`] };
}

/** A frame that no server may send, and the close code for it. */
function randomFault(dice: Dice): { bytes: Buffer; code: number } {
  return dice.pick([
    () => ({ bytes: frame(op.text, 'x', { rsv: dice.int(1, 7) }), code: 1002 }),
    () => ({ bytes: frame(op.text, 'x', { mask: clientMask }), code: 1002 }),
    () => ({ bytes: frame(dice.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), 'x'), code: 1002 }),
    () => ({ bytes: frame(op.ping, 'x', { fin: false }), code: 1002 }),
    () => ({ bytes: frame(op.pong, dice.bytes(126)), code: 1002 }),
    () => ({ bytes: frame(op.continuation, 'x'), code: 1002 }),
    () => ({ bytes: frame(op.binary, '', { length: dice.pick([MOST + 1, 2 ** 32, 2 ** 53]) }), code: 1009 }),
    () => ({ bytes: Buffer.concat([frame(op.text, 'x', { fin: false }), frame(op.text, 'y')]), code: 1002 }),
    () => {
      const half = dice.bytes(MOST / 2 + 1);
      const both = [frame(op.text, half, { fin: false }), frame(op.continuation, half)];
      return { bytes: Buffer.concat(both), code: 1009 };
    },
  ])();
}

test('random messages in random fragments are read whole, however the bytes are cut', () => {
  for (let seed = 1; seed <= 150; seed++) {
    const dice = new Dice(seed);
    const messages = Array.from({ length: dice.int(1, 6) }, () => randomMessage(dice));
    const fault = dice.chance(0.5) ? randomFault(dice) : undefined;
    const bytes = Buffer.concat([...messages.flatMap((each) => each.bytes), fault?.bytes ?? Buffer.alloc(0)]);
    const expected = messages.flatMap(({ seen }) => seen);
    if (fault) expected.push(`error ${fault.code}`);
    expect({ seed, seen: readAll(dice.cut(bytes, dice.pick([3, 100, 5000, 100_000]))) }).toEqual({
      seed,
      seen: expected,
    });
  }
});

test('a stream cut in two at every byte reads the same', () => {
  const dice = new Dice(5);
  const payload = dice.bytes(300);
  const bytes = Buffer.concat([
    frame(op.text, payload.subarray(0, 130), { fin: false }),
    frame(op.ping, 'hello'),
    frame(op.continuation, payload.subarray(130), { fin: true }),
    frame(op.close, Buffer.from([3, 232])),
  ]);
  const whole = readAll([bytes]);
  expect(whole).toHaveLength(3);
  for (let at = 1; at < bytes.length; at++)
    expect(readAll([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
});

test('damaged streams end in messages or a close code, and in nothing else', () => {
  const codes = new Set<string>();
  for (let seed = 1; seed <= 3000; seed++) {
    const dice = new Dice(seed);
    const bytes = Buffer.concat([
      frame(op.text, dice.bytes(dice.int(0, 20)), { fin: dice.chance(0.5) }),
      frame(dice.pick([op.continuation, op.ping, op.binary]), dice.bytes(dice.int(0, 20))),
      dice.bytes(20),
    ]);
    for (let i = dice.int(1, 4); i > 0; i--)
      bytes[dice.int(0, bytes.length - 1)] = dice.pick([127, dice.int(0, 255)]);
    const last = readAll(dice.cut(bytes, 50)).at(-1);
    if (last?.startsWith('error')) codes.add(last);
  }
  expect([...codes].toSorted()).toEqual(['error 1002', 'error 1009']);
});
