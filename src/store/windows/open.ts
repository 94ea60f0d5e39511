import type { WindowStore } from './store.ts';

/**
 * Opens where windows live.
 *
 * @param backend `memory`, `lmdb`, `redis://…` or `rediss://…` (the configuration has checked it)
 * @param dataDir the folder under which LMDB keeps its own
 * @throws Error for an LMDB folder that can't be used, with the path and the reason. Redis is connected to by
 * the first hit.
 */
export async function openWindowStore(backend: string, dataDir: string): Promise<WindowStore> {
  // An engine is loaded when it is asked for: a server without limits neither waits for LMDB nor holds it.
  if (backend === 'memory') return new (await import('./memory.ts')).MemoryWindows();
  if (backend === 'lmdb') return new (await import('./lmdb.ts')).LmdbWindows(dataDir);
  if (/^rediss?:\/\//i.test(backend)) return new (await import('./redis.ts')).RedisWindows(backend);
  // Not shown: it may be a URL with a password.
  throw new Error('windows live in memory, lmdb, redis://… or rediss://…');
}
