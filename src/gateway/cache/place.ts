import { join } from 'node:path';
import type { Config } from '../../config/options.ts';

/** Where answers are kept, as `openEntryStore` takes it. */
export interface Place {
  /** `memory`, `lmdb`, `leveldb`, `rocksdb`, or a Redis URL: a secret where it has a password. */
  readonly backend: string;
  /** The folder of an engine on disk, one of its own for each. */
  readonly path: string;
  /** Several processes may have it open: workers, and `aifd cache` beside them. */
  readonly isShared: boolean;
}

/** The place that the configuration names. */
export function cachePlace(config: Pick<Config, 'cacheBackend' | 'cacheRootPathOrUrl' | 'dataDir'>): Place {
  const { cacheBackend, cacheRootPathOrUrl: root, dataDir } = config;
  const backend = cacheBackend === 'redis' ? root : cacheBackend;
  const isUrl = backend.includes('://');
  const path = isUrl ? '' : join(root === '' ? join(dataDir, 'cache') : root, backend);
  return { backend, path, isShared: isUrl || backend === 'lmdb' };
}
