import { expect, test } from 'bun:test';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { emptyDir, openStore, recordWith, sumOf } from './records.ts';

test('a file that cannot grow: said once, nothing half written, and the process goes on', async () => {
  const dir = emptyDir();
  const script = 'trap "" XFSZ; ulimit -f 1024; exec "$0" "$@"';
  const command = [process.execPath, join(import.meta.dir, 'full-disk.ts'), dir];
  const child = Bun.spawn(['bash', '-c', script, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect({ err, code }).toEqual({ err: '', code: 0 });
  const { problems, before, kept } = JSON.parse(out) as { problems: string[]; before: number; kept: number };
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/^usage can't be written: /);
  expect(kept).toBe(before);
  expect(statSync(join(dir, 'usage/data.mdb')).size).toBeLessThanOrEqual(2 ** 20);
  // With room again it goes on from there.
  const { store, problems: later } = openStore(dir);
  expect(sumOf(store, 'requests')).toBe(kept);
  store.add(recordWith());
  store.flush();
  expect(sumOf(store, 'requests')).toBe(kept + 1);
  expect(later).toEqual([]);
  await store.close();
});
