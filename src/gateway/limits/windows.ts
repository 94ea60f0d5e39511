import { ConfigError } from '../../config/error.ts';
import { maskUrl } from '../../config/mask.ts';
import type { Config } from '../../config/options.ts';
import { openWindowStore } from '../../store/windows/open.ts';
import type { WindowStore } from '../../store/windows/store.ts';
import { needsWindows } from './limiter.ts';
import { ResilientWindows } from './resilient.ts';

/**
 * Opens where the windows of limits live; undefined when no limit needs any, so that nothing is made on disk for nothing.
 * @param say - told when the backend goes and comes back
 * @throws ConfigError with the path and the reason, when LMDB can't be used
 */
export async function openWindows(
  config: Config,
  say: (message: string) => void,
): Promise<WindowStore | undefined> {
  if (!needsWindows(config)) return undefined;
  const { rateLimitBackend, dataDir, rateLimitOnError } = config;
  try {
    const store = new ResilientWindows(
      await openWindowStore(rateLimitBackend, dataDir),
      rateLimitOnError,
      say,
    );
    await store.probe();
    return store;
  } catch (error) {
    throw new ConfigError([
      `RATE_LIMIT_BACKEND is ${maskUrl(rateLimitBackend)}: ${(error as Error).message}`,
    ]);
  }
}
