import { expect, test } from 'bun:test';
import { gone, startSupervised } from './fixtures/supervised.ts';

test('a worker that is killed is replaced, under the same number', async () => {
  using supervised = startSupervised({ workers: 2 });
  const first = await supervised.next('started');
  await supervised.next('all ready');

  process.kill(first.pid!, 'SIGKILL');
  expect((await supervised.next('log')).line).toContain(`worker ${first.worker} ended (signal`);
  const second = await supervised.next('started');

  expect(second.worker).toBe(first.worker!);
  expect(second.pid).not.toBe(first.pid);
  await gone(first.pid!);
});

test('a worker that keeps dying is started less and less often', async () => {
  using supervised = startSupervised({ workers: 1, mode: 'exit 7' });
  const waits: string[] = [];
  while (waits.length < 3) waits.push(/again in (.*) s$/.exec((await supervised.next('log')).line!)![1]!);
  expect(waits).toEqual(['0.2', '0.4', '0.8']);
});
