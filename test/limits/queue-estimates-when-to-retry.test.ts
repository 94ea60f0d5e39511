import { expect, test } from 'bun:test';
import { FairQueue, type Entry } from '../../src/gateway/limits/queue.ts';
import { placeNow, QueueTime, settledOf, stays } from './queue-clock.ts';

function setUp(limit: number, size: number, perUser = 0) {
  const time = new QueueTime();
  const queue = new FairQueue({ limit, perUser, size, timeoutMs: 1000 }, undefined, time);
  const hold = (ms: number): void => {
    const place = placeNow(queue.enter('a', stays));
    time.pass(ms);
    place.release();
  };
  return { time, queue, hold };
}

const retryAfterMs = (entry: Entry | Promise<Entry>) => (entry as { retryAfterMs: number }).retryAfterMs;

test('before anything was measured it is a second', () => {
  const { queue } = setUp(1, 0);
  placeNow(queue.enter('a', stays));
  expect(retryAfterMs(queue.enter('b', stays))).toBe(1000);
});

test('it is never under a second', () => {
  const { queue, hold } = setUp(1, 0);
  hold(3);
  placeNow(queue.enter('a', stays));
  expect(retryAfterMs(queue.enter('b', stays))).toBe(1000);
});

test('it grows with the requests ahead, and shrinks with the places', () => {
  for (const [limit, expected] of [
    [1, 18_000],
    [3, 6000],
  ] as const) {
    const { queue, hold } = setUp(limit, 2);
    hold(6000);
    for (let i = 0; i < limit; i++) placeNow(queue.enter('a', stays));
    for (const user of 'bc') void queue.enter(user, stays);
    expect(retryAfterMs(queue.enter('d', stays))).toBe(expected);
  }
});

test('it follows how long places are held', () => {
  const { queue, hold } = setUp(1, 0);
  hold(8000);
  hold(16_000);
  const place = placeNow(queue.enter('a', stays));
  expect(retryAfterMs(queue.enter('b', stays))).toBe(9000);
  place.release();
  for (let i = 0; i < 100; i++) hold(20_000);
  placeNow(queue.enter('a', stays));
  expect(retryAfterMs(queue.enter('b', stays))).toBe(20_000);
});

test('who waited in vain is told of those still ahead', async () => {
  const { time, queue, hold } = setUp(1, 5);
  hold(6000);
  placeNow(queue.enter('a', stays));
  const waiting = queue.enter('b', stays);
  time.pass(1000);
  expect(retryAfterMs((await settledOf(waiting))!)).toBe(6000);
});

test('for a user at their limit their own requests count', () => {
  const { queue, hold } = setUp(10, 2, 2);
  hold(6000);
  for (let i = 0; i < 2; i++) placeNow(queue.enter('a', stays));
  for (let i = 0; i < 2; i++) void queue.enter('a', stays);
  const refused = queue.enter('a', stays);
  expect(refused).toMatchObject({ kind: 'full', cause: 'user', retryAfterMs: 9000 });
});
