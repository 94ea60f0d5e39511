import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { FairQueue } from '../../src/gateway/limits/queue.ts';
import { placeLater, placeNow, QueueTime, settledOf, stays } from './queue-clock.ts';

function setUp(timeoutMs: number, limit = 1, perUser = 0) {
  const time = new QueueTime();
  return { time, queue: new FairQueue({ limit, perUser, size: 10, timeoutMs }, undefined, time) };
}

test('a request waits so long and not longer', async () => {
  const { time, queue } = setUp(500);
  placeNow(queue.enter('a', stays));
  const first = queue.enter('b', stays);
  time.pass(300);
  const second = queue.enter('c', stays);
  time.pass(199);
  expect(await settledOf(first)).toBeUndefined();
  time.pass(1);
  expect(await settledOf(first)).toMatchObject({ kind: 'timeout', cause: 'target' });
  expect(queue.waiting).toBe(1);
  time.pass(300);
  expect(await settledOf(second)).toMatchObject({ kind: 'timeout' });
  expect([queue.active, queue.waiting]).toEqual([1, 0]);
});

test('who waits for an own place is told so', async () => {
  const { time, queue } = setUp(500, 5, 1);
  placeNow(queue.enter('a', stays));
  const waiting = queue.enter('a', stays);
  time.pass(500);
  expect(await settledOf(waiting)).toMatchObject({ kind: 'timeout', cause: 'user' });
});

test('a place given has no time limit', async () => {
  const { time, queue } = setUp(500);
  const first = placeNow(queue.enter('a', stays));
  const second = queue.enter('b', stays);
  first.release();
  expect(time.pending).toBe(0);
  time.pass(10_000);
  await placeLater(second);
  expect(queue.active).toBe(1);
});

test('without a limit a request waits on', async () => {
  const { time, queue } = setUp(0);
  placeNow(queue.enter('a', stays));
  const waiting = queue.enter('b', stays);
  expect(time.pending).toBe(0);
  time.pass(1e9);
  expect(await settledOf(waiting)).toBeUndefined();
});

test.each([3_600_000, 2 ** 40])(
  'a wait of %d ms ends neither at once nor keeps the process up',
  async (timeoutMs) => {
    const module = join(import.meta.dir, '../../src/gateway/limits/queue.ts');
    const script = `
    const { FairQueue } = await import(${JSON.stringify(module)});
    const queue = new FairQueue({ limit: 1, perUser: 0, size: 1, timeoutMs: ${timeoutMs} });
    const signal = () => new AbortController().signal;
    queue.enter('a', signal);
    queue.enter('b', signal);
    setTimeout(() => console.log('waiting', queue.waiting), 20);`;
    const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'inherit' });
    expect(await child.stdout.text()).toBe('waiting 1\n');
    expect(await child.exited).toBe(0);
  },
);
