import type { EntryStore, EntryStoreOptions } from './store.ts';

/**
 * Opens where answers are kept.
 *
 * @param backend `memory`, `lmdb`, `leveldb`, `rocksdb`, `redis://…` or `rediss://…` (the configuration has checked it)
 * @param path the folder of an engine on disk; others don't look at it
 * @throws Error with the path and the reason when it can't be used; Redis is connected to by the first call
 */
export async function openEntryStore(
  backend: string,
  path: string,
  options: EntryStoreOptions,
): Promise<EntryStore> {
  // An engine is loaded when it is asked for: LevelDB and RocksDB are packages that need not be there.
  if (backend === 'memory') return new (await import('./memory.ts')).MemoryEntries(options);
  if (backend === 'lmdb') return (await import('./lmdb.ts')).LmdbEntries.open(path, options);
  if (backend === 'leveldb') return (await import('./leveldb.ts')).openLevelDb(path, options);
  if (backend === 'rocksdb') return (await import('./rocksdb.ts')).openRocksDb(path, options);
  if (/^rediss?:\/\//i.test(backend)) return new (await import('./redis.ts')).RedisEntries(backend, options);
  // Not shown: it may be a URL with a password.
  throw new Error('answers are kept in memory, lmdb, leveldb, rocksdb, redis://… or rediss://…');
}
