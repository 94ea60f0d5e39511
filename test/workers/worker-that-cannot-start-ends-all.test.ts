import { expect, test } from 'bun:test';
import { startSupervised } from './fixtures/supervised.ts';

test.each([
  ['bad configuration', 2],
  ['a failed first start', 1],
])('%s is not tried again: the exit code is the worker’s', async (_, code) => {
  using supervised = startSupervised({ workers: 2, mode: `exit ${code}` });
  expect(await supervised.child.exited).toBe(code);
  await expect(supervised.next('all ready')).rejects.toThrow('output ended');
});
