import { expect, test } from 'bun:test';
import { gone, startSupervised } from './fixtures/supervised.ts';

test('workers learn that their supervisor was killed, and end', async () => {
  using supervised = startSupervised({ workers: 2 });
  const pids = [(await supervised.next('started')).pid!, (await supervised.next('started')).pid!];
  await supervised.next('all ready');

  supervised.child.kill('SIGKILL');

  const told = [
    (await supervised.next('supervisor gone')).pid!,
    (await supervised.next('supervisor gone')).pid!,
  ];
  expect(told.toSorted()).toEqual(pids.toSorted());
  await Promise.all(pids.map(gone));
});
