import { expect, test } from 'bun:test';
import { FairQueue } from '../../src/gateway/limits/queue.ts';
import { placeLater, placeNow, settledOf, stays } from './queue-clock.ts';

test('others go on while a user waits for an own place', async () => {
  const queue = new FairQueue({ limit: 2, perUser: 1, size: 10, timeoutMs: 0 });
  const first = placeNow(queue.enter('a', stays));
  const second = queue.enter('a', stays);
  expect([queue.active, queue.waiting]).toEqual([1, 1]);
  placeNow(queue.enter('b', stays)).release();
  expect(await settledOf(second)).toBeUndefined();
  first.release();
  await placeLater(second);
  expect([queue.active, queue.waiting]).toEqual([1, 0]);
});

test('a user passed over is served before younger turns', async () => {
  const queue = new FairQueue({ limit: 2, perUser: 1, size: 10, timeoutMs: 0 });
  const ofA = placeNow(queue.enter('a', stays));
  const ofX = placeNow(queue.enter('x', stays));
  const waitingA = queue.enter('a', stays);
  const waitingB = queue.enter('b', stays);
  const waitingC = queue.enter('c', stays);
  ofX.release();
  await placeLater(waitingB);
  expect(await settledOf(waitingA)).toBeUndefined();
  ofA.release();
  await placeLater(waitingA);
  expect(await settledOf(waitingC)).toBeUndefined();
});

test('without a limit of the target, users have theirs', async () => {
  const queue = new FairQueue({ limit: 0, perUser: 1, size: 10, timeoutMs: 0 });
  const first = placeNow(queue.enter('a', stays));
  const second = queue.enter('a', stays);
  for (const user of 'bcdefg') placeNow(queue.enter(user, stays));
  expect(await settledOf(second)).toBeUndefined();
  first.release();
  await placeLater(second);
});
