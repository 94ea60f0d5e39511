// oxlint-disable no-underscore-dangle -- what is synchronous in this package has such names only
import type { LevelEngine, Operation } from './level-engine.ts';
import { loadPackage } from './level-package.ts';
import { LevelEntries } from './level.ts';
import type { EntryStoreOptions } from './store.ts';

/** What is used of the package, which has no types. */
interface Batch {
  _put(key: Buffer, value: Buffer, options: object): void;
  _del(key: Buffer, options: object): void;
  _writeSync(options: object): void;
  _clear(): void;
}
interface RocksLevel {
  open(): Promise<void>;
  close(): Promise<void>;
  getProperty(name: string): string;
  iterator(options: object): AsyncIterable<readonly [Buffer, Buffer]>;
  _getManySync(keys: Buffer[], options: object): (Buffer | undefined)[];
  _chainedBatch(): Batch;
}
interface Package {
  RocksLevel: new (path: string, options: object) => RocksLevel;
}

// @ts-ignore: it has no types, and need not be there.
const load = (): Promise<Package> => import('@nxtedition/rocksdb');

/** @throws Error with one line: the package is not there, another process has the folder, or it can't be used */
export async function openRocksDb(
  path: string,
  options: EntryStoreOptions,
  importing = load,
): Promise<LevelEntries> {
  const { RocksLevel } = await loadPackage('RocksDB', '@nxtedition/rocksdb', importing);
  const open = async (): Promise<LevelEngine> => {
    const db = new RocksLevel(path, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      compression: false,
      walCompression: false,
      compaction: 'level',
      // Files with most deletions first.
      compactionPriority: 'byCompensatedSize',
      memtableMemoryBudget: Math.min(2 ** 23, Math.max(2 ** 18, Math.floor(options.maxSize / 128))),
    });
    await db.open();
    return new RocksDb(db);
  };
  return LevelEntries.open(open, path, options);
}

const NOTHING = {};
/** RocksDB itself slows writers at 20, in this thread. */
const MOST_NEW_FILES = 8;
const AT_WORK = [
  'rocksdb.num-running-compactions',
  'rocksdb.compaction-pending',
  'rocksdb.num-running-flushes',
  'rocksdb.mem-table-flush-pending',
];

class RocksDb implements LevelEngine {
  /** Used again and again: its memory is seen by no garbage collector. */
  private readonly batch: Batch;

  constructor(private readonly db: RocksLevel) {
    this.batch = db._chainedBatch();
  }

  get(key: Buffer): Buffer | undefined {
    return this.db._getManySync([key], NOTHING)[0];
  }

  async write(operations: readonly Operation[]): Promise<void> {
    try {
      for (const { key, value } of operations) {
        if (value) this.batch._put(key, value, NOTHING);
        else this.batch._del(key, NOTHING);
      }
      this.batch._writeSync(NOTHING);
    } finally {
      this.batch._clear();
    }
  }

  scan(from: Buffer, to: Buffer): AsyncIterable<readonly [Buffer, Buffer]> {
    return this.db.iterator({ gte: from, lt: to, fillCache: false });
  }

  isCompacting(): boolean {
    return AT_WORK.some((name) => this.db.getProperty(name) !== '0');
  }

  isBehind(): boolean {
    const newFiles = Number(this.db.getProperty('rocksdb.num-files-at-level0'));
    return newFiles > MOST_NEW_FILES && this.isCompacting();
  }

  close(): Promise<void> {
    return this.db.close();
  }
}
