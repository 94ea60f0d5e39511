import type { Config } from '../../config/options.ts';
import type { Destination } from '../destination.ts';
import { comparedPaths } from '../routes.ts';
import { type Family, familyOf } from './replay/family.ts';

/** How many paths are remembered. */
const MOST_REMEMBERED = 1000;

type CacheRoutes = Pick<Config, 'cacheChatCompletion' | 'cacheEmbedding' | 'cacheRoutes'>;

/** Which routes are answered from the cache, and what their answers look like. */
export class CachedRoutes {
  private readonly remembered = new Map<string, Family | undefined>();

  constructor(private readonly config: CacheRoutes) {}

  /** The family of a cached route; undefined for one that is not cached. */
  find({ plain, upstream }: Pick<Destination, 'plain' | 'upstream'>): Family | undefined {
    const { remembered } = this;
    // A target is told by the path, so the path alone tells the route.
    if (remembered.has(plain)) return remembered.get(plain);
    const paths = comparedPaths(plain, upstream.target);
    const family = familyOf(paths[0]!);
    const found = this.isCached(family, paths) ? family : undefined;
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    remembered.set(plain, found);
    return found;
  }

  private isCached(family: Family, paths: readonly string[]): boolean {
    if (family === 'chat' && this.config.cacheChatCompletion) return true;
    if (family === 'embeddings' && this.config.cacheEmbedding) return true;
    return this.config.cacheRoutes.some((route) => paths.some((path) => matches(route, path)));
  }
}

/** Exact, unlike a limit's route: what is below a route may be another kind of thing, like the cancelling of it. */
function matches(route: string, path: string): boolean {
  if (route.endsWith('/*')) return path.startsWith(route.slice(0, -1));
  return path === route;
}
