import { LmdbWindows } from './lmdb.ts';
import { MemoryWindows } from './memory.ts';
import { RedisWindows } from './redis.ts';
import type { WindowStore } from './windows.ts';

/**
 * Opens where windows live.
 *
 * @param backend `memory`, `lmdb`, `redis://…` or `rediss://…` (the configuration has checked it)
 * @param dataDir the folder under which LMDB keeps its own
 * @throws Error for an LMDB folder that can't be used, with the path and the reason. Redis is connected to by
 * the first hit.
 */
export function openWindowStore(backend: string, dataDir: string): WindowStore {
  if (backend === 'memory') return new MemoryWindows();
  if (backend === 'lmdb') return new LmdbWindows(dataDir);
  if (/^rediss?:\/\//.test(backend)) return new RedisWindows(backend);
  // Not shown: it may be a URL with a password.
  throw new Error('windows live in memory, lmdb, redis://… or rediss://…');
}
