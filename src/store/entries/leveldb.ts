import { LevelEntries, type LevelEngine, type Operation } from './level.ts';
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
  const { ClassicLevel } = await importing().catch(() => {
    throw new Error('answers in LevelDB need the package classic-level: bun add classic-level');
  });
  const small = Math.min(2 ** 22, Math.max(2 ** 16, options.maxSize / 128));
  const db = new ClassicLevel<Buffer, Buffer>(path, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    // Reading must be cheap, and sizes what they are said to be.
    compression: false,
    writeBufferSize: small,
    maxFileSize: Math.max(2 ** 20, small),
  });
  try {
    await db.open();
  } catch (error) {
    const cause = ((error as Error).cause ?? error) as Error & { code?: string };
    const why =
      cause.code === 'LEVEL_LOCKED' ? 'another process has it open, perhaps a running aifd' : cause.message;
    throw new Error(`answers can't be kept in ${path}: ${why}`, { cause: error });
  }
  return LevelEntries.open(new LevelDb(db), path, options);
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
