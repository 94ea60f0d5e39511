import { join } from 'node:path';
import { limitOptions, paths } from './limits.ts';
import type { Places } from './upstreams.ts';

/** So much is kept at most, of answers and of each log: what grows up to it is no leak, and it is reached early. */
const CACHE_SIZE = '16mb';

/** The soaked aifd: every limit there is, a cache, logs and measures, and further targets that no limit of requests is on. */
export function soakOptions(
  upstream: number,
  places: Places,
  keys: readonly string[],
  folder: string,
): Record<string, string> {
  const prefixes = Object.keys(places).map((name) => `/${name}`);
  const unlimited = Object.fromEntries(prefixes.map((prefix) => [prefix, 'inf']));
  const limited = JSON.parse(limitOptions.REQ_RATE_LIMIT) as Record<string, string>;
  return {
    ...limitOptions,
    REQ_RATE_LIMIT: JSON.stringify({ ...limited, ...unlimited }),
    OPENAI_BASE_URL: `http://127.0.0.1:${upstream}`,
    OPENAI_API_KEY: 'sk-soak-9876543210',
    EXTRA_BASE_URL: Object.values(places).join(','),
    EXTRA_ROUTE_PREFIX: prefixes.join(','),
    FORWARD_KEY: keys.join(','),
    DATA_DIR: join(folder, 'data'),
    SHUTDOWN_TIMEOUT: '2',
    // Upstreams that are well are in the soak's own process: they must not seem silent while the machine is busy.
    FIRST_BYTE_TIMEOUT: '3',
    IDLE_TIMEOUT: '3',
    CACHE_ROUTES: JSON.stringify([`/cached${paths.chat}`]),
    CACHE_BACKEND: 'LMDB',
    CACHE_SCOPE: 'shared',
    CACHE_TTL: '20s',
    CACHE_MAX_SIZE: CACHE_SIZE,
    LOG_LEVEL: 'warn',
    LOG_CHAT: 'true',
    LOG_DIR: join(folder, 'logs'),
    LOG_MAX_SIZE: '16mb',
    LOG_KEEP: '1',
    USAGE: 'true',
    METRICS: 'key',
    SERVER_TIMING: 'true',
  };
}
