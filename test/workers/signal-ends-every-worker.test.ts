import { expect, test } from 'bun:test';
import { gone, startSupervised } from './fixtures/supervised.ts';

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} is passed on to every worker as SIGTERM, and the exit is clean`, async () => {
    using supervised = startSupervised({ workers: 2 });
    const pids = [(await supervised.next('started')).pid!, (await supervised.next('started')).pid!];
    await supervised.next('all ready');

    supervised.child.kill(signal);
    const asked = [
      (await supervised.next('asked to stop')).pid!,
      (await supervised.next('asked to stop')).pid!,
    ];

    expect(asked.toSorted()).toEqual(pids.toSorted());
    expect(await supervised.child.exited).toBe(0);
    await Promise.all(pids.map(gone));
  });
}
