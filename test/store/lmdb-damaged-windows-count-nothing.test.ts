import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { openEnvironment } from '../../src/store/lmdb-environment.ts';
import { LmdbWindows } from '../../src/store/windows/lmdb.ts';
import { strategies } from '../../src/store/windows/store.ts';
import { emptyDir } from './processes.ts';

const now = 1_700_000_000_000;
const meter = { key: 'user', amount: 100, windowMs: 60_000, cost: 1 };

test.each(strategies)('a window whose value is damaged begins anew (%s)', async (strategy) => {
  for (const damage of [
    (value: Buffer) => value.fill(0xff),
    (value: Buffer) => value.writeDoubleLE(NaN, 8),
    (value: Buffer) => value.writeDoubleLE(-5, 8),
    (value: Buffer) => value.writeDoubleLE(Infinity, 0),
    // Of a moving window: where its full chunks are.
    (value: Buffer) => value.length > 28 && value.writeDoubleLE(1e15, value.length - 20),
    (value: Buffer) => value.length > 28 && value.writeUInt32LE(0xffff_ffff, value.length - 4),
  ]) {
    const dir = emptyDir();
    let windows = new LmdbWindows(dir);
    for (let i = 0; i < 99; i++) await windows.hit([meter], strategy, now + i);
    await windows.close();
    const { db, gate } = openEnvironment(join(dir, 'windows'), { useWritemap: true, mapSize: 2 ** 30 });
    db.transactionSync(() => {
      const rows = Array.from(db.getRange({}), ({ key, value }) => [key, Buffer.from(value)] as const);
      for (const [key, bytes] of rows) {
        if (key.every((byte) => byte === 0)) continue;
        damage(bytes);
        db.putSync(key, bytes);
      }
    });
    await db.close();
    gate.close();
    windows = new LmdbWindows(dir);
    for (let i = 0; i < 3; i++)
      expect(await windows.hit([meter], strategy, now + 200 + i)).toMatchObject({
        allowed: expect.any(Boolean),
      });
    expect(await windows.hit([meter], strategy, now + 200_000)).toMatchObject({
      allowed: true,
      states: [{ remaining: 99 }],
    });
    await windows.close();
  }
});
