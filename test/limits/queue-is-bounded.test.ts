import { expect, test } from 'bun:test';
import { FairQueue } from '../../src/gateway/limits/queue.ts';
import { placeNow, settledOf, stays } from './queue-clock.ts';

const unasked = (): AbortSignal => {
  throw new Error('the signal was asked for');
};

test('over its size requests are refused at once', async () => {
  const queue = new FairQueue({ limit: 1, perUser: 0, size: 2, timeoutMs: 0 });
  placeNow(queue.enter('a', unasked));
  const waiting = [queue.enter('a', stays), queue.enter('b', stays)];
  expect(queue.enter('c', unasked)).toMatchObject({ kind: 'full', cause: 'target' });
  expect(await Promise.all(waiting.map(settledOf))).toEqual([undefined, undefined]);
  expect([queue.active, queue.waiting]).toEqual([1, 2]);
});

test('a place in the queue is free again once its request is served', async () => {
  const queue = new FairQueue({ limit: 1, perUser: 0, size: 1, timeoutMs: 0 });
  const place = placeNow(queue.enter('a', stays));
  void queue.enter('b', stays);
  expect(queue.enter('c', stays)).toMatchObject({ kind: 'full' });
  place.release();
  expect(await settledOf(queue.enter('c', stays))).toBeUndefined();
});

test('with size 0 none waits', () => {
  const queue = new FairQueue({ limit: 1, perUser: 0, size: 0, timeoutMs: 0 });
  placeNow(queue.enter('a', unasked));
  expect(queue.enter('b', unasked)).toMatchObject({ kind: 'full', cause: 'target' });
  expect(queue.waiting).toBe(0);
});

test('a user over their own limit is told so', () => {
  const queue = new FairQueue({ limit: 5, perUser: 1, size: 0, timeoutMs: 0 });
  placeNow(queue.enter('a', unasked));
  expect(queue.enter('a', unasked)).toMatchObject({ kind: 'full', cause: 'user' });
  placeNow(queue.enter('b', unasked));
});

test('without limits all pass at once', () => {
  const queue = new FairQueue({ limit: 0, perUser: 0, size: 0, timeoutMs: 0 });
  for (let i = 0; i < 1000; i++) placeNow(queue.enter('a', unasked));
  expect(queue.active).toBe(1000);
});
