import { expect, test } from 'bun:test';
import { DAY_MS, HOUR_MS } from '../../src/store/usage/store.ts';
import { emptyDir, openStore, recordWith, sumOf } from './records.ts';

test('what a clock that ran ahead counted belongs to the hour and the day of now, and is not counted twice', async () => {
  const dir = emptyDir();
  const { store, problems } = openStore(dir);
  const now = Date.now();
  for (const ahead of [2 * HOUR_MS, 40 * DAY_MS, 400 * DAY_MS])
    for (const user of ['k:a', 'k:b']) store.add(recordWith({ at: now + ahead, user }));
  store.add(recordWith({ user: 'k:a' }));
  store.flush();
  store.flush();
  for (const period of ['hour', 'day'] as const) {
    expect(sumOf(store, 'requests', period)).toBe(7);
    const groups = [...store.rollups(period, 0)];
    expect(groups.filter(({ at }) => at > now)).toEqual([]);
    expect(groups).toHaveLength(2);
  }
  expect(problems).toEqual([]);
  await store.close();
});

test('an exchange that a wrong clock dated ahead hides none that came later', async () => {
  const { store } = openStore(emptyDir());
  store.add(recordWith({ at: Date.now() + 400 * DAY_MS, model: 'ahead' }));
  for (const model of ['first', 'second'])
    store.add(recordWith({ model, at: Date.now() + (model === 'second' ? 1 : 0) }));
  store.flush();
  expect(store.last(2).map(({ model }) => model)).toEqual(['second', 'first']);
  await store.close();
});
