import { expect, test } from 'bun:test';
import { FairQueue, type Entry, type PlaceEntry } from '../../src/gateway/limits/queue.ts';
import { placeNow, stays } from './queue-clock.ts';

/** Enters requests named by their user and number, and tells in which order they are served, one at a time. */
async function served(limit: number, names: readonly string[]): Promise<string[]> {
  const queue = new FairQueue({ limit, perUser: 0, size: 1000, timeoutMs: 0 });
  const order: string[] = [];
  const held: PlaceEntry[] = [];
  const note = async (name: string, entry: Promise<Entry>): Promise<void> => {
    held.push((await entry) as PlaceEntry);
    order.push(name);
  };
  for (const name of names) {
    const entry = queue.enter(name[0]!, stays);
    if (entry instanceof Promise) void note(name, entry);
    else held.push(placeNow(entry));
  }
  while (held.length > 0) {
    held.shift()!.release();
    await Promise.resolve();
  }
  return order;
}

const hundred = Array.from({ length: 100 }, (_, number) => `a${number}`);

test.each([1, 4])("a hundred requests of one user let another's one go next (%d at once)", async (limit) => {
  const order = await served(limit, [...hundred, 'b0']);
  expect(order).toHaveLength(101 - limit);
  expect(order[0]).toBe('b0');
});

test('who let another go first is next', async () => {
  const order = await served(1, [...hundred, 'b0', 'c0', 'd0']);
  expect(order.slice(0, 4)).toEqual(['b0', 'a1', 'c0', 'd0']);
});

test('users take turns', async () => {
  const order = await served(1, ['x0', 'a0', 'a1', 'a2', 'b0', 'b1', 'b2', 'c0']);
  expect(order).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'a2', 'b2']);
});

test("a user's own requests go in order", async () => {
  const order = await served(1, hundred);
  expect(order).toEqual(hundred.slice(1));
});
