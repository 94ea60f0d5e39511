import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { hasSmallDisks, smallDisk } from './lmdb-small-disk.ts';

// LMDB writes windows through a map of the file: a page without space on the disk is a bus error, which ends the process.
test.skipIf(!hasSmallDisks).each(['1', '10000'])(
  'windows whose disk is full at once are decided as RATE_LIMIT_ON_ERROR says (%s at a time)',
  async (each) => {
    using disk = smallDisk('80m')!;
    const child = Bun.spawn([process.execPath, join(import.meta.dir, 'lmdb-filling.ts'), disk.path, each], {
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect({ signal: child.signalCode, code: child.exitCode, err }).toEqual({
      signal: null,
      code: 0,
      err: '',
    });
    const { allowed, said } = JSON.parse(out) as { allowed: number; said: string[] };
    expect(allowed).toBe(40_200);
    expect(said).toEqual([
      expect.stringMatching(/^limits: the backend is gone \(.*(the disk is full|no room left)/),
    ]);
  },
  20_000,
);
