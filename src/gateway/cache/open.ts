import { cachesAnything } from '../../config/checks.ts';
import { ConfigError } from '../../config/error.ts';
import { maskUrl } from '../../config/mask.ts';
import type { Config } from '../../config/options.ts';
import { openEntryStore } from '../../store/entries/open.ts';
import type { EntryStore } from '../../store/entries/store.ts';
import { cachePlace } from './place.ts';

/**
 * Opens where answers are kept; undefined when no route is cached, so that nothing is made on disk for nothing.
 * @throws ConfigError with the path and the reason, when the backend can't be used
 */
export async function openEntries(config: Config): Promise<EntryStore | undefined> {
  if (!cachesAnything(config)) return undefined;
  const { backend, path } = cachePlace(config);
  try {
    return await openEntryStore(backend, path, { maxSize: config.cacheMaxSize });
  } catch (error) {
    throw new ConfigError([`CACHE_BACKEND is ${maskUrl(backend)}: ${(error as Error).message}`]);
  }
}
