import { expect, test } from 'bun:test';
import { events, PacedStream, settle } from './pacing.ts';

test('the upstream waits while more than one event does', async () => {
  const stream = new PacedStream(100);
  void stream.takeAll();
  await settle();
  stream.send(...events(1));
  await settle();
  stream.send(...events(1, 1));
  await settle();
  expect(stream.told).toEqual([]);
  stream.send(...events(3, 2));
  expect(stream.told).toEqual(['pause']);
  await stream.clock.pass(299);
  expect([stream.told, stream.left.length]).toEqual([['pause'], 3]);
  await stream.clock.pass(1);
  expect([stream.told, stream.left.length]).toEqual([['pause', 'resume'], 4]);
});

test('of an upstream that always has more, one read is held at most', async () => {
  const stream = new PacedStream(10);
  void stream.takeAll();
  let sent = 0;
  for (let ms = 0; ms < 1000; ms++) {
    const paused = stream.told.at(-1) === 'pause';
    if (!paused) stream.send(events(8, sent).join(''));
    if (!paused) sent += 8;
    expect(sent - stream.left.length).toBeLessThanOrEqual(9);
    await stream.clock.pass(1);
  }
  // Held back it was, and yet never missed.
  expect(stream.times).toEqual(Array.from({ length: 101 }, (_, i) => i * 10));
  expect(stream.text).toBe(events(101).join(''));
});

test('a client that takes nothing holds the upstream back, and no burst follows', async () => {
  const stream = new PacedStream(100);
  stream.send(events(5).join(''));
  await stream.clock.pass(10_000);
  expect([stream.told, stream.left]).toEqual([['pause'], []]);
  expect(stream.clock.timers.size).toBe(0);
  void stream.takeAll();
  await stream.clock.pass(150);
  expect(stream.times).toEqual([10_000, 10_100]);
});

test('many reads at once are answered evenly all the same', async () => {
  const stream = new PacedStream(100);
  void Promise.all(Array.from({ length: 8 }, () => stream.take()));
  stream.send(events(5).join(''));
  stream.body.end();
  await stream.clock.pass(1000);
  expect(stream.times).toEqual([0, 100, 200, 300, 400]);
  expect(stream.ended).toBe('end');
});
