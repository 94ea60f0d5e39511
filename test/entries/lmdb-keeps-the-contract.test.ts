import { afterAll } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LmdbEntries } from '../../src/store/entries/lmdb.ts';
import { openEnvironment } from '../../src/store/lmdb-environment.ts';
import { entryStoreContract } from './contract.ts';

const root = mkdtempSync(join(tmpdir(), 'aifd-lmdb-entries-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let path = root;
let opened = 0;

entryStoreContract(
  'LMDB',
  (options) => {
    path = join(root, String((opened += 1)));
    return LmdbEntries.open(path, options);
  },
  {
    reopen: (options) => LmdbEntries.open(path, options),
    damage: async (key) => {
      const { db, gate } = openEnvironment(path, { useWritemap: false, maxDbs: 8, mapSize: 2 ** 34 });
      const entries = db.openDB<Buffer, Buffer>({
        name: 'entries',
        encoding: 'binary',
        keyEncoding: 'binary',
      });
      const first = Buffer.from(`${key}00000000`, 'hex');
      const bytes = Buffer.from(entries.getBinary(first)!);
      bytes[bytes.length - 7]! ^= 0x10;
      entries.putSync(first, bytes);
      await db.close();
      gate.close();
    },
  },
);
