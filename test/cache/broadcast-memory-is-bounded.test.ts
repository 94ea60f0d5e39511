import { expect, test } from 'bun:test';
import { broadcasting, type Sink, settled, type Source } from './broadcast-source.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const piece = Buffer.alloc(64 * KiB, 'x');

/** Sends until it is held back, `most` bytes at most. */
async function pour(source: Source, most: number): Promise<number> {
  let sent = 0;
  while (sent < most && !source.paused) {
    source.body.push(piece);
    source.body.flush();
    sent += piece.length;
    await settled();
  }
  return sent;
}

/** Counts what comes, and keeps none of it. */
function count(reader: Sink): { bytes: number } {
  const seen = { bytes: 0 };
  reader.write = (given) => {
    seen.bytes += given.length;
    return reader.full ? new Promise(() => {}) : given.length;
  };
  reader.start();
  return seen;
}

test('200 MB and a reader that is stuck: little is held, and nobody loses a byte', async () => {
  const { source, broadcast, join, told } = broadcasting(8 * MiB);
  const fast = count(join());
  const stuck = join().start();
  stuck.full = true;
  let most = 0;
  let sent = await pour(source, 200 * MiB);
  // It may lag by all that is kept; then the upstream waits.
  expect(source.paused).toBe(true);
  expect(sent).toBeLessThanOrEqual(8 * MiB + piece.length);
  expect(sent).toBeGreaterThanOrEqual(8 * MiB);
  expect(fast.bytes).toBe(sent);
  expect(broadcast.heldBytes).toBeLessThanOrEqual(8 * MiB + piece.length);
  expect(told.full).toBe(1);
  // It takes a little now and then: the rest comes, never more than a window ahead of it.
  while (sent < 200 * MiB) {
    stuck.drain();
    await settled();
    stuck.full = true;
    sent += await pour(source, 200 * MiB - sent);
    most = Math.max(most, broadcast.heldBytes);
    stuck.got.length = Math.min(stuck.got.length, 0);
  }
  expect(most).toBeLessThanOrEqual(MiB + piece.length);
  expect(fast.bytes).toBe(200 * MiB);
  source.body.end();
  expect(told.ends).toEqual([{ whole: undefined, failure: undefined }]);
  stuck.drain();
  await settled();
  expect(stuck.state).toBe('ended');
  expect(broadcast.heldBytes).toBe(0);
});

test('a slow reader holds back nobody while all of it is kept', async () => {
  const { source, join } = broadcasting(8 * MiB);
  const fast = count(join());
  const unstarted = join();
  const stuck = join().start();
  stuck.full = true;
  expect(await pour(source, 7 * MiB)).toBe(7 * MiB);
  expect(fast.bytes).toBe(7 * MiB);
  source.body.end();
  stuck.drain();
  unstarted.start();
  await settled();
  expect(stuck).toMatchObject({ length: 7 * MiB, state: 'ended' });
  expect(unstarted).toMatchObject({ length: 7 * MiB, state: 'ended' });
});

test('a stuck reader that leaves lets the others go on', async () => {
  const { source, broadcast, join } = broadcasting(MiB);
  const fast = count(join());
  const stuck = join().start();
  stuck.full = true;
  await pour(source, 100 * MiB);
  expect(source.paused).toBe(true);
  stuck.body.discard();
  await settled();
  expect(source.paused).toBe(false);
  expect(broadcast.heldBytes).toBe(0);
  expect(await pour(source, 10 * MiB)).toBe(10 * MiB);
  expect(fast.bytes).toBeGreaterThan(11 * MiB);
});

test('a body that is alone has the same back-pressure: it is held back, and goes on', async () => {
  const { source, broadcast, join } = broadcasting(100);
  const only = join().start();
  only.full = true;
  const sent = await pour(source, 10 * MiB);
  expect(sent).toBeLessThanOrEqual(64 * KiB + 2 * piece.length);
  expect(broadcast.heldBytes).toBeLessThanOrEqual(64 * KiB + piece.length);
  only.drain();
  await settled();
  expect(source.paused).toBe(false);
  expect(await pour(source, 10 * MiB)).toBe(10 * MiB);
  expect(only.length).toBe(sent + 10 * MiB);
});

test('a body over what is kept can be joined up to there, and is not kept', () => {
  const { source, broadcast, join, told } = broadcasting(6);
  const first = join().start();
  source.read('abcdef');
  const second = join().start();
  expect(told.full).toBe(0);
  source.read('g');
  expect(told.full).toBe(1);
  expect(broadcast.canJoin).toBe(false);
  expect(() => broadcast.join()).toThrow('gone');
  source.read('h');
  source.body.end();
  for (const reader of [first, second]) expect(reader).toMatchObject({ text: 'abcdefgh', state: 'ended' });
  expect(told).toEqual({ full: 1, deserted: 0, ends: [{ whole: undefined, failure: undefined }] });
});

test('what many small pieces leave behind is let go', () => {
  const { source, broadcast, join } = broadcasting(10);
  const reader = count(join());
  for (let i = 0; i < 100_000; i++) source.body.push(piece.subarray(0, 200));
  expect(reader.bytes).toBe(20_000_000);
  expect(broadcast.heldBytes).toBe(0);
  // @ts-expect-error: the blocks are nobody else's business
  expect(broadcast.tape.blocks.length).toBeLessThan(1000);
});
