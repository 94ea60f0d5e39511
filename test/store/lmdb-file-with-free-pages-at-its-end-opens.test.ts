import { expect, test } from 'bun:test';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { openEnvironment } from '../../src/store/lmdb-environment.ts';
import { emptyDir } from './processes.ts';

const options = { useWritemap: false, mapSize: 2 ** 30 };

// What a transaction takes at the end and gives back before its own end is counted as the file's, and never written.
test.each([1, 100, 2000])('a file that ends before its last page, by %d pages, is sound', async (pages) => {
  const path = emptyDir();
  let { db, gate } = openEnvironment(path, options);
  const put = (name: string, bytes: number) => db.putSync(Buffer.from(name), Buffer.alloc(bytes, 1));
  for (let i = 0; i < 100; i++) db.transactionSync(() => put(`a ${i}`, 3000));
  // Free pages here and there, so that the list of them is loaded.
  for (let i = 0; i < 100; i += 2) db.transactionSync(() => db.removeSync(Buffer.from(`a ${i}`)));
  db.transactionSync(() => {
    put('large', 4096 * pages + 600_000);
    db.removeSync(Buffer.from('large'));
  });
  const { lastPageNumber } = db.getStats() as { lastPageNumber: number };
  await db.close();
  gate.close();
  expect(statSync(join(path, 'data.mdb')).size).toBeLessThan((lastPageNumber + 1 - pages) * 4096);
  ({ db, gate } = openEnvironment(path, options));
  for (let i = 1; i < 100; i += 2) expect(db.getBinary(Buffer.from(`a ${i}`))).toEqual(Buffer.alloc(3000, 1));
  db.transactionSync(() => put('larger', 4096 * pages + 500_000));
  expect(db.getBinary(Buffer.from('larger'))?.length).toBe(4096 * pages + 500_000);
  await db.close();
  gate.close();
});
