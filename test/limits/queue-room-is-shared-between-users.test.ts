import { expect, test } from 'bun:test';
import { FairQueue, UserSlots, type Entry } from '../../src/gateway/limits/queue.ts';
import { placeLater, placeNow, QueueTime, settledOf, stays } from './queue-clock.ts';

const options = { limit: 1, perUser: 0, size: 4, timeoutMs: 0 };

/** A request a letter, each of the user so named, to a queue whose only place is taken. */
function setUp(users: string, size = users.length) {
  const queue = new FairQueue({ ...options, size });
  const place = placeNow(queue.enter('x', stays));
  return { queue, place, waiting: [...users].map((user) => queue.enter(user, stays)) };
}

/** One character a request: w waits, or the first letter of what it came to. */
async function told(entries: readonly (Entry | Promise<Entry>)[]): Promise<string> {
  const settled = await Promise.all(entries.map(settledOf));
  return settled.map((entry) => entry?.kind[0] ?? 'w').join('');
}

test('who fills the whole queue makes room for another, with the newest request', async () => {
  const { queue, place, waiting } = setUp('aaaa');
  const entering = queue.enter('b', stays);
  expect(await told([...waiting, entering])).toBe('wwwfw');
  expect([queue.active, queue.waiting, queue.waitingUsers]).toEqual([1, 4, 2]);
  place.release();
  const first = await placeLater(waiting[0]!);
  first.release();
  await placeLater(entering);
});

test.each([
  ['aaaa', 'a', 'wwww', false],
  ['aaab', 'b', 'wwfw', true],
  ['aabb', 'b', 'wwww', false],
  ['aabb', 'a', 'wwww', false],
  ['aaabb', 'b', 'wwwww', false],
  ['aabbb', 'c', 'wwwwf', true],
  ['aabb', 'c', 'wwwf', true],
  ['abba', 'c', 'wwwf', true],
  ['abab', 'c', 'wwwf', true],
  ['abcd', 'e', 'wwww', false],
  ['a', 'b', 'w', false],
])('where %s wait and %s comes, those become %s', async (users, user, expected, enters) => {
  const { queue, waiting } = setUp(users);
  const entry = queue.enter(user, stays);
  expect(await told(waiting)).toBe(expected);
  if (enters) expect(await settledOf(entry)).toBeUndefined();
  else expect(entry).toMatchObject({ kind: 'full', cause: 'target' });
  expect(queue.waiting).toBe(users.length);
});

test('nobody makes room while there is some', async () => {
  const { queue, waiting } = setUp('aaa', 4);
  expect(await told([...waiting, queue.enter('b', stays)])).toBe('wwww');
});

test('nobody makes room for a client that has left', async () => {
  const { queue, waiting } = setUp('aaaa');
  expect(queue.enter('b', () => AbortSignal.abort())).toMatchObject({ kind: 'left' });
  expect(await told(waiting)).toBe('wwww');
});

test('who made room is neither watched nor timed any more', async () => {
  const time = new QueueTime();
  const queue = new FairQueue({ ...options, size: 2, timeoutMs: 100 }, undefined, time);
  placeNow(queue.enter('x', stays));
  const client = new AbortController();
  void queue.enter('a', stays);
  const evicted = queue.enter('a', () => client.signal);
  void queue.enter('b', stays);
  expect(time.pending).toBe(2);
  client.abort();
  expect(await settledOf(evicted)).toMatchObject({ kind: 'full' });
  expect(queue.waiting).toBe(2);
});

test('who made room for lack of a place is told that the target lacks it, and when to retry', async () => {
  const { queue, waiting } = setUp('aa');
  void queue.enter('b', stays);
  expect(await settledOf(waiting[1]!)).toEqual({ kind: 'full', cause: 'target', retryAfterMs: 1000 });
});

test('who made room while all own slots were taken is told so', async () => {
  const queue = new FairQueue({ ...options, limit: 2, perUser: 1, size: 2 });
  placeNow(queue.enter('a', stays));
  const waiting = [queue.enter('a', stays), queue.enter('a', stays)];
  placeNow(queue.enter('b', stays));
  const entering = queue.enter('c', stays);
  expect(await told([...waiting, entering])).toBe('wfw');
  expect(await waiting[1]).toMatchObject({ kind: 'full', cause: 'user' });
});

test('a slot kept for the line that makes room stays kept', async () => {
  const users = new UserSlots(1);
  const each = { ...options, perUser: 1, size: 3 };
  const full = new FairQueue(each, users);
  const other = placeNow(full.enter('x', stays));
  const busy = placeNow(new FairQueue(each, users).enter('a', stays));
  const wanted = [full.enter('a', stays), full.enter('a', stays)];
  const next = full.enter('y', stays);
  other.release();
  const place = await placeLater(next);
  busy.release();
  // The slot is kept for the first of a by now; the target is what lacks.
  const entering = [full.enter('b', stays), full.enter('c', stays)];
  expect(await told([...wanted, ...entering])).toBe('wfww');
  expect(await wanted[1]).toMatchObject({ kind: 'full', cause: 'target' });
  place.release();
  (await placeLater(wanted[0]!)).release();
  await placeLater(entering[0]!);
  expect(users.exhausted('a')).toBe(false);
});
