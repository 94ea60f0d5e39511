import { expect, test } from 'bun:test';
import { FairQueue } from '../../src/gateway/limits/queue.ts';
import { placeLater, placeNow, settledOf, stays } from './queue-clock.ts';

const options = { limit: 1, perUser: 0, size: 10, timeoutMs: 0 };

test('a released place is the next one’s in the same moment', async () => {
  const queue = new FairQueue(options);
  const first = placeNow(queue.enter('a', stays));
  const second = queue.enter('b', stays);
  first.release();
  expect([queue.active, queue.waiting]).toEqual([1, 0]);
  // Who comes now, before the other has even noticed, does not overtake.
  const third = queue.enter('c', stays);
  await placeLater(second);
  expect(await settledOf(third)).toBeUndefined();
});

test('releasing again does nothing', async () => {
  const queue = new FairQueue(options);
  const first = placeNow(queue.enter('a', stays));
  const second = queue.enter('b', stays);
  const third = queue.enter('c', stays);
  first.release();
  first.release();
  const place = await placeLater(second);
  expect(await settledOf(third)).toBeUndefined();
  place.release();
  (await placeLater(third)).release();
  first.release();
  place.release();
  expect(queue.active).toBe(0);
});

test('a place that nobody waits for is free', () => {
  const queue = new FairQueue(options);
  placeNow(queue.enter('a', stays)).release();
  expect(queue.active).toBe(0);
  placeNow(queue.enter('b', stays));
});
