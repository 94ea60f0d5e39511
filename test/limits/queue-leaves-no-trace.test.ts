import { expect, spyOn, test } from 'bun:test';
import { FairQueue, UserSlots, type Entry, type PlaceEntry } from '../../src/gateway/limits/queue.ts';
import { placeNow, QueueTime, stays } from './queue-clock.ts';

/** All that an object holds, through everything it refers to. */
function entriesHeld(value: unknown, seen = new Set<unknown>()): number {
  if (typeof value !== 'object' || value === null || seen.has(value)) return 0;
  seen.add(value);
  const own = value instanceof Map ? [...value].flat() : Object.values(value);
  const count = value instanceof Map ? value.size : 0;
  return own.reduce((sum: number, item) => sum + entriesHeld(item, seen), count);
}

test('users who were served, refused, late or gone are forgotten', async () => {
  const time = new QueueTime();
  const users = new UserSlots(1);
  const options = { limit: 3, perUser: 1, size: 10, timeoutMs: 100 };
  const queues = [0, 1].map(() => new FairQueue(options, users, time));
  const before = entriesHeld(queues);
  const places: PlaceEntry[] = [];
  const kinds = new Set<string>();
  const note = async (entry: Entry | Promise<Entry>): Promise<void> => {
    const settled = await entry;
    kinds.add(settled.kind);
    if (settled.kind === 'place') places.push(settled);
  };
  for (let number = 0; number < 4000; number++) {
    const client = new AbortController();
    const entry = queues[number % 2]!.enter(`user ${(number % 1000) >> 1}`, () => client.signal);
    void note(entry);
    if (number % 5 === 0) client.abort();
    if (number % 7 === 0) time.pass(10);
    await Promise.resolve();
    if (number % 3 === 0) places.shift()?.release();
  }
  expect([...kinds].toSorted()).toEqual(['full', 'left', 'place', 'timeout']);
  expect(entriesHeld(queues)).toBeGreaterThan(before);

  time.pass(100);
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  for (const place of places) place.release();
  expect(queues.map(({ active, waiting, waitingUsers }) => [active, waiting, waitingUsers])).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ]);
  expect(users.users).toBe(0);
  expect(time.pending).toBe(0);
  expect(entriesHeld(queues)).toBe(before);
});

test('the client of a request that was served is no longer watched', async () => {
  const queue = new FairQueue({ limit: 1, perUser: 0, size: 1, timeoutMs: 0 });
  const place = placeNow(queue.enter('a', stays));
  const { signal } = new AbortController();
  const added = spyOn(signal, 'addEventListener');
  const removed = spyOn(signal, 'removeEventListener');
  const waiting = queue.enter('b', () => signal);
  place.release();
  await waiting;
  expect(added).toHaveBeenCalledTimes(1);
  expect(removed.mock.calls[0]!.slice(0, 2)).toEqual(added.mock.calls[0]!.slice(0, 2));
});
