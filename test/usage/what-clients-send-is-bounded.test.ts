import { expect, test } from 'bun:test';
import { emptyDir, openStore, recordWith, sumOf } from './records.ts';

test('a user with ever new models is told apart up to a number, and all is counted', async () => {
  const { store, problems } = openStore(emptyDir());
  for (let i = 0; i < 3000; i++) {
    store.add(recordWith({ model: `m${i}-${'x'.repeat(500)}`, user: 'k:bad' }));
    if (i % 100 === 99) store.flush();
  }
  store.add(recordWith({ user: 'k:good', model: 'gpt-4o' }));
  store.flush();
  const groups = [...store.rollups('hour', 0)];
  expect(groups.length).toBeLessThan(100);
  expect(sumOf(store, 'requests', 'hour')).toBe(3001);
  expect(sumOf(store, 'requests', 'day')).toBe(3001);
  for (const { labels } of groups) expect(labels.model.length).toBeLessThan(100);
  const other = groups.find(({ labels }) => labels.user === 'k:bad' && labels.model === 'other')!;
  expect(other.figures[0]).toBeGreaterThan(2900);
  // Others are not touched by it.
  expect(groups.find(({ labels }) => labels.user === 'k:good')!.labels.model).toBe('gpt-4o');
  expect(problems).toEqual([]);
  await store.close();
});

test('ever new users are told apart up to a number, and all are counted', async () => {
  const { store } = openStore(emptyDir());
  for (let i = 0; i < 3000; i++) {
    store.add(recordWith({ user: `k:${i}` }));
    if (i % 500 === 499) store.flush();
  }
  store.flush();
  const groups = [...store.rollups('day', 0)];
  expect(groups.length).toBe(1001);
  expect(sumOf(store, 'requests')).toBe(3000);
  expect(groups.find(({ labels }) => labels.user === 'other')!.figures[0]).toBe(2000);
  await store.close();
});

test('what is held in memory is bounded too', async () => {
  const { store } = openStore(emptyDir(), { exchanges: 100 });
  for (let i = 0; i < 20_000; i++) store.add(recordWith({ user: `k:${i}`, model: `m${i}` }));
  store.flush();
  expect(sumOf(store, 'requests')).toBe(20_000);
  expect(store.last(1000).length).toBeLessThan(400);
  expect(store.last(1)[0]!.model).toStartWith('m19');
  await store.close();
});
