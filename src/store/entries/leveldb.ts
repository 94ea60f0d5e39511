import type { LevelEngine, Operation } from './level-engine.ts';
import { loadPackage } from './level-package.ts';
import { LevelEntries } from './level.ts';
import type { EntryStoreOptions } from './store.ts';

type ClassicLevel = import('classic-level').ClassicLevel<Buffer, Buffer>;

/** Loads the optional package; a parameter, so that a test can lack it. */
const load = () => import('classic-level');

/** @throws Error with one line: the package is not there, another process has the folder, or it can't be used */
export async function openLevelDb(
  path: string,
  options: EntryStoreOptions,
  importing = load,
): Promise<LevelEntries> {
  const { ClassicLevel } = await loadPackage('LevelDB', 'classic-level', importing);
  const small = Math.min(2 ** 22, Math.max(2 ** 16, options.maxSize / 128));
  const open = async (): Promise<LevelEngine> => {
    const db = new ClassicLevel<Buffer, Buffer>(path, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      // Reading must be cheap, and sizes what they are said to be.
      compression: false,
      writeBufferSize: small,
      maxFileSize: Math.max(2 ** 20, small),
    });
    await db.open();
    return new LevelDb(db);
  };
  return LevelEntries.open(open, path, options);
}

class LevelDb implements LevelEngine {
  constructor(private readonly db: ClassicLevel) {}

  get(key: Buffer): Buffer | undefined {
    return this.db.getSync(key);
  }

  write(operations: readonly Operation[]): Promise<void> {
    return this.db.batch(
      operations.map(({ key, value }) => (value ? { type: 'put', key, value } : { type: 'del', key })),
    );
  }

  scan(from: Buffer, to: Buffer): AsyncIterable<readonly [Buffer, Buffer]> {
    return this.db.iterator({ gte: from, lt: to, fillCache: false });
  }

  compact(from: Buffer, to: Buffer): Promise<void> {
    return this.db.compactRange(from, to);
  }

  isCompacting(): boolean {
    return false;
  }

  /** A write that has to wait does so in a thread of its own. */
  isBehind(): boolean {
    return false;
  }

  close(): Promise<void> {
    return this.db.close();
  }
}
