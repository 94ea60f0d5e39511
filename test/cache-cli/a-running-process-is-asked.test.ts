import { expect, test } from 'bun:test';
import { folder } from '../cli/aifd.ts';
import { cacheIn, hold } from './cache.ts';

interface Stats {
  entries: number;
  pids: number[];
  groups: { model: string; entries: number }[];
}

test.each(['memory', 'leveldb', 'rocksdb'])(
  'what another process has in %s is seen and changed',
  async (backend) => {
    const dataDir = folder();
    const cache = cacheIn(dataDir, backend);
    await using holder = await hold({ dataDir, backend, entries: 20 });
    const stats = async () => JSON.parse((await cache(['stats', '--json'])).out) as Stats;
    expect(await stats()).toMatchObject({ backend, entries: 20, pids: [holder.pid] });
    expect(await cache(['purge', '--model', 'gpt-4o'])).toMatchObject({
      out: 'removed 10 entries\n',
      code: 0,
    });
    const { groups } = await stats();
    expect(groups.map(({ model, entries }) => [model, entries])).toEqual([['gpt-4o-mini', 10]]);
    const exported = await cache(['export']);
    expect(await cache(['purge', '--all'])).toMatchObject({ out: 'removed 10 entries\n', code: 0 });
    expect(await cache(['import', '-'], exported.out)).toMatchObject({
      out: 'imported 10 entries\n',
      code: 0,
    });
    expect((await cache(['export'])).out).toBe(exported.out);
  },
);

test('LMDB is opened beside the process that has it', async () => {
  const dataDir = folder();
  await using holder = await hold({ dataDir, backend: 'lmdb', entries: 20 });
  const { cache } = holder;
  const { out } = await cache(['stats', '--json']);
  expect(JSON.parse(out)).toMatchObject({ backend: 'lmdb', entries: 20, pids: [] });
  const exported = await cache(['export']);
  expect((await cache(['purge', '--all', '--yes'])).out).toBe('removed 20 entries\n');
  expect((await cache(['import', '-'], exported.out)).out).toBe('imported 20 entries\n');
  expect((await cache(['export'])).out).toBe(exported.out);
});

test.each(['leveldb', 'rocksdb', 'lmdb'])('%s is opened when nothing runs', async (backend) => {
  const dataDir = folder();
  const cache = cacheIn(dataDir, backend);
  const empty = await cache(['stats', '--json']);
  expect(JSON.parse(empty.out)).toMatchObject({ entries: 0 });
  expect(empty.err).toMatch(/^aifd: nothing is kept yet in \/.*\n$/);
  // A process with another cache under the same DATA_DIR is not asked.
  await using holder = await hold({ dataDir, backend: 'memory', entries: 3 });
  const file = (await holder.cache(['export'])).out;
  expect(await cache(['import', '-'], file)).toMatchObject({ out: 'imported 3 entries\n', err: '', code: 0 });
  expect((await cache(['export'])).out).toBe(file);
});

test('several workers with memory are one cache', async () => {
  const dataDir = folder();
  const cache = cacheIn(dataDir, 'memory');
  await using first = await hold({ dataDir, backend: 'memory', entries: 6 });
  await using second = await hold({ dataDir, backend: 'memory', entries: 6, from: 4 });
  const { out } = await cache(['stats', '--json']);
  const { pids, entries } = JSON.parse(out) as Stats;
  expect(pids.toSorted()).toEqual([first.pid, second.pid].toSorted());
  expect(entries).toBe(10);
  expect((await cache(['list', '--json'])).out.trim().split('\n')).toHaveLength(10);
  const exported = await cache(['export', '--id', '00000005']);
  expect((await cache(['purge', '--id', '00000005'])).out).toBe('removed 1 entry\n');
  expect((await cache(['purge', '--all'])).out).toBe('removed 9 entries\n');
  await cache(['import', '-'], exported.out);
  // It is in each of them: either may be asked next.
  process.kill(first.pid, 'SIGKILL');
  expect((await cache(['export'])).out).toBe(exported.out);
});
