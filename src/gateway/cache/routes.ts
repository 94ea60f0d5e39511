import type { Config } from '../../config/options.ts';
import type { Destination } from '../destination.ts';
import { canonicalRoutes } from '../route/routes.ts';
import { type Family, familyOf } from '../../openai/family.ts';

type CacheRoutes = Pick<Config, 'cacheChatCompletion' | 'cacheEmbedding' | 'cacheRoutes' | 'targets'>;

/** Which routes are answered from the cache, and what their answers look like. */
export class CachedRoutes {
  /** In canonical form; those that end in `/*` without that, for all below them. */
  private readonly exact = new Set<string>();
  private readonly above: string[] = [];

  constructor(private readonly config: CacheRoutes) {
    for (const route of config.cacheRoutes) {
      const isAbove = route.endsWith('/*');
      for (const canonical of canonicalRoutes(isAbove ? route.slice(0, -2) : route, config.targets))
        if (isAbove) this.above.push(canonical === '/' ? '/' : `${canonical}/`);
        else this.exact.add(canonical);
    }
  }

  /** The family of a cached route; undefined for one that is not cached. */
  find({ canonical }: Pick<Destination, 'canonical'>): Family | undefined {
    const family = familyOf(canonical);
    return this.isCached(family, canonical) ? family : undefined;
  }

  private isCached(family: Family, path: string): boolean {
    if (family === 'chat' && this.config.cacheChatCompletion) return true;
    if (family === 'embeddings' && this.config.cacheEmbedding) return true;
    // Exact, unlike a limit's route: what is below a route may be another kind of thing, like the cancelling of it.
    return this.exact.has(path) || this.above.some((route) => path.startsWith(route));
  }
}
