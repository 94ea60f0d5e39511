import { expect, test } from 'bun:test';
import { gone, startSupervised } from './fixtures/supervised.ts';

test('workers that go on after the first signal are killed at the second', async () => {
  using supervised = startSupervised({ workers: 1, mode: 'stubborn' });
  const { pid } = await supervised.next('started');
  await supervised.next('all ready');

  supervised.child.kill('SIGTERM');
  await supervised.next('asked to stop');
  expect(supervised.child.exitCode).toBeNull();
  supervised.child.kill('SIGINT');

  expect(await supervised.child.exited).toBe(130);
  await gone(pid!);
});
