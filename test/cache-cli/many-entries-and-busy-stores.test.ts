import { expect, test } from 'bun:test';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from '../cli/aifd.ts';
import { hold } from './cache.ts';
import { readAll } from './support.ts';

const main = join(import.meta.dir, '../../src/cli/main.ts');

test.each(['memory', 'lmdb', 'leveldb'])(
  '%s: export and purge while another process writes',
  async (backend) => {
    const dataDir = folder();
    await using holder = await hold({ dataDir, backend, entries: 300, isBusy: true });
    const { cache } = holder;
    for (let round = 0; round < 3; round++) {
      const { out, code, err } = await cache(['export']);
      expect([err, code]).toEqual(['', 0]);
      const keys = (await readAll(out)).map(({ key }) => key);
      // Those that nobody touches are all there, each once, in order.
      expect(keys.filter((key) => key < '000f')).toHaveLength(300);
      expect(keys).toEqual([...new Set(keys)].toSorted());
    }
    expect(await cache(['purge', '--model', 'gpt-4o-mini'])).toMatchObject({
      out: 'removed 150 entries\n',
      code: 0,
    });
    const all = await cache(['purge', '--all']);
    expect(all.code).toBe(0);
    const kept = await readAll((await cache(['export'])).out);
    expect(kept.filter(({ key }) => key < '000f')).toEqual([]);
  },
);

test('a reader that has seen enough ends a list and an export', async () => {
  const dataDir = folder();
  await using holder = await hold({ dataDir, backend: 'memory', entries: 5000 });
  expect((await holder.cache(['list'])).out.split('\n')).toHaveLength(5002);
  for (const action of ['list', 'list --json', 'export']) {
    const command = `"${process.execPath}" "${main}" cache ${action} | head -n 2; echo "\${PIPESTATUS[0]}"`;
    const child = Bun.spawn(['bash', '-c', command], {
      env: { PATH: process.env.PATH, DATA_DIR: dataDir },
      cwd: folder(),
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    expect(out.trimEnd().split('\n')).toHaveLength(3);
    expect([out.trimEnd().split('\n')[2], err]).toEqual(['0', '']);
  }
});

test('a file that can not be written whole stays as it was', async () => {
  const dataDir = folder();
  await using holder = await hold({ dataDir, backend: 'memory', entries: 3 });
  const { cache } = holder;
  const target = join(dataDir, 'out.json');
  writeFileSync(target, 'before');
  expect(await cache(['export', target])).toMatchObject({
    out: '',
    err: `aifd: wrote 3 entries to ${target}\n`,
  });
  expect(await readAll(readFileSync(target))).toHaveLength(3);
  const { err, code } = await cache(['export', join(dataDir, 'nowhere', 'out.json')]);
  expect(err).toMatch(/^aifd: .+out\.json can't be written: ENOENT.+\n$/);
  expect(code).toBe(1);
  expect(readdirSync(dataDir).toSorted()).toEqual(['out.json', 'run']);
});
