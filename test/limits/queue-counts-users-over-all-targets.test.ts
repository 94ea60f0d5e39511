import { expect, test } from 'bun:test';
import { FairQueue, UserSlots } from '../../src/gateway/limits/queue.ts';
import { placeLater, placeNow, QueueTime, settledOf, stays } from './queue-clock.ts';

function setUp(perUser: number, limits: readonly number[]) {
  const users = new UserSlots(perUser);
  const queues = limits.map((limit) => new FairQueue({ limit, perUser, size: 10, timeoutMs: 0 }, users));
  return queues as [FairQueue, FairQueue];
}

test('a place at one target counts at the other, and is passed on to it', async () => {
  const [left, right] = setUp(1, [5, 5]);
  const place = placeNow(left.enter('a', stays));
  const waiting = right.enter('a', stays);
  placeNow(right.enter('b', stays));
  expect(await settledOf(waiting)).toBeUndefined();
  place.release();
  await placeLater(waiting);
  expect([left.active, right.active]).toEqual([0, 2]);
  expect(await settledOf(left.enter('a', stays))).toBeUndefined();
});

test('a user busy at one target is served at another that is always full', async () => {
  const [free, full] = setUp(1, [5, 1]);
  const other = placeNow(full.enter('x', stays));
  const busy = placeNow(free.enter('a', stays));
  const wanted = full.enter('a', stays);
  const nextBusy = free.enter('a', stays);
  const another = full.enter('y', stays);
  // The turn of a comes while it is busy: y goes on.
  other.release();
  const otherPlace = await placeLater(another);
  const later = full.enter('z', stays);
  busy.release();
  const nextPlace = await placeLater(nextBusy);
  const last = free.enter('a', stays);
  // This slot of a is kept for the turn missed: what came later to the free target can't take it.
  nextPlace.release();
  expect(await settledOf(last)).toBeUndefined();
  expect(await settledOf(wanted)).toBeUndefined();
  otherPlace.release();
  const place = await placeLater(wanted);
  expect(await settledOf(later)).toBeUndefined();
  place.release();
  await Promise.all([placeLater(later), placeLater(last)]);
});

test('a slot kept for a request that leaves is the next one’s', async () => {
  const [free, full] = setUp(1, [5, 1]);
  const other = placeNow(full.enter('x', stays));
  const busy = placeNow(free.enter('a', stays));
  const client = new AbortController();
  const wanted = full.enter('a', () => client.signal);
  const another = full.enter('y', stays);
  other.release();
  await placeLater(another);
  busy.release();
  const waiting = free.enter('a', stays);
  expect(await settledOf(waiting)).toBeUndefined();
  client.abort();
  await placeLater(waiting);
  expect(await wanted).toMatchObject({ kind: 'left' });
});

test('who has a slot kept and waits in vain is told that the target lacks a place', async () => {
  const users = new UserSlots(1);
  const time = new QueueTime();
  const options = { limit: 1, perUser: 1, size: 10, timeoutMs: 500 };
  const full = new FairQueue(options, users, time);
  const other = placeNow(full.enter('x', stays));
  const busy = placeNow(new FairQueue(options, users, time).enter('a', stays));
  const wanted = full.enter('a', stays);
  const another = full.enter('y', stays);
  other.release();
  await placeLater(another);
  busy.release();
  expect(users.exhausted('a')).toBe(true);
  time.pass(500);
  expect(await settledOf(wanted)).toMatchObject({ kind: 'timeout', cause: 'target' });
  expect(users.exhausted('a')).toBe(false);
});

test('queues that count users differently do not share', () => {
  const users = new UserSlots(2);
  expect(() => new FairQueue({ limit: 1, perUser: 3, size: 0, timeoutMs: 0 }, users)).toThrow(RangeError);
});
