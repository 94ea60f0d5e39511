import { expect, test } from 'bun:test';
import { FairQueue } from '../../src/gateway/limits/queue.ts';
import { placeLater, placeNow, settledOf, stays } from './queue-clock.ts';

const options = { limit: 1, perUser: 0, size: 3, timeoutMs: 0 };

test('a waiting client that leaves makes room for another at once', async () => {
  const queue = new FairQueue({ ...options, size: 1 });
  const place = placeNow(queue.enter('a', stays));
  const client = new AbortController();
  const leaving = queue.enter('b', () => client.signal);
  expect(queue.enter('c', stays)).toMatchObject({ kind: 'full' });
  client.abort();
  expect(queue.waiting).toBe(0);
  const waiting = queue.enter('c', stays);
  expect(await leaving).toMatchObject({ kind: 'left', cause: 'target' });
  place.release();
  await placeLater(waiting);
});

test.each([0, 1, 2])('the order of the others stays when number %d of a user leaves', async (gone) => {
  const queue = new FairQueue(options);
  let place = placeNow(queue.enter('x', stays));
  const clients = [0, 1, 2].map(() => new AbortController());
  const waiting = clients.map(({ signal }) => queue.enter('a', () => signal));
  clients[gone]!.abort();
  expect((await waiting[gone])!.kind).toBe('left');
  for (const entry of waiting.filter((_, number) => number !== gone)) {
    place.release();
    place = await placeLater(entry);
  }
  place.release();
  expect([queue.active, queue.waiting]).toEqual([0, 0]);
});

test('a client that had left already is not queued', () => {
  const queue = new FairQueue(options);
  placeNow(queue.enter('a', stays));
  expect(queue.enter('b', () => AbortSignal.abort())).toMatchObject({ kind: 'left' });
  expect([queue.waiting, queue.waitingUsers]).toEqual([0, 0]);
});

test('leaving after the place was given changes nothing', async () => {
  const queue = new FairQueue(options);
  const first = placeNow(queue.enter('a', stays));
  const client = new AbortController();
  const second = queue.enter('b', () => client.signal);
  first.release();
  client.abort();
  const place = await placeLater(second);
  expect(queue.active).toBe(1);
  const third = queue.enter('c', stays);
  expect(await settledOf(third)).toBeUndefined();
  place.release();
  await placeLater(third);
});
