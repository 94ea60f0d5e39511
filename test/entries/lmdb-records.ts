import { openEnvironment } from '../../src/store/lmdb-environment.ts';

/** How many records the tables of a closed store have, that which is always there in each included. */
export async function recordsOf(path: string): Promise<number> {
  const { db, gate } = openEnvironment(path, { useWritemap: false, maxDbs: 8, mapSize: 2 ** 34 });
  let records = 0;
  for (const name of ['entries', 'order']) {
    const table = db.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' });
    records += (table.getStats() as { entryCount: number }).entryCount;
  }
  await db.close();
  gate.close();
  return records;
}
