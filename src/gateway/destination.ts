import { canonicalPath, forwardablePath, withoutQuery } from '../openai/path.ts';
import { type Purpose, purposeOf } from '../openai/family.ts';
import { routeLabel } from './observe/route-label.ts';
import { canonicalAt } from './route/routes.ts';
import type { Upstream, Upstreams } from './route/upstream.ts';

/** How many are remembered. */
const MOST_REMEMBERED = 1000;

/** What a request's URL comes to. */
export interface Destination {
  /** Path and query as they were asked for, from the first `/`. */
  readonly path: string;
  /** The path without the query: a key may be in that. */
  readonly plain: string;
  /** The path in the one form that rules are compared with, see {@link canonicalAt}: lower case, with `/v1`. */
  readonly canonical: string;
  readonly upstream: Upstream;
  /** Path and query as they go upstream. */
  readonly upstreamPath: string;
  /** What such requests are for, and the path as a label: few values, whatever is asked for. */
  readonly purpose: Purpose;
  readonly label: string;
}

/** Where URLs lead. Clients ask for the same few: what those come to is worked out once. */
export class Destinations {
  private readonly remembered = new Map<string, Destination>();

  constructor(private readonly upstreams: Upstreams) {}

  /**
   * @param url - as Bun's server gives it
   * @returns the path alone where no target takes it; undefined for what can't be forwarded at all
   */
  find(url: string): Destination | string | undefined {
    const known = this.remembered.get(url);
    if (known) return known;
    const path = forwardablePath(url);
    if (path === undefined) return undefined;
    const upstream = this.upstreams.find(path);
    if (!upstream) return path;
    const plain = withoutQuery(path);
    const canonical = canonicalAt(plain, upstream.target);
    const { prefix } = upstream.target;
    const read = prefix === '/' ? canonicalPath(plain) : prefix + canonicalPath(plain.slice(prefix.length));
    const found: Destination = {
      path,
      plain,
      canonical,
      upstream,
      upstreamPath: upstream.pathFor(path),
      purpose: purposeOf(canonical),
      label: routeLabel(read, prefix),
    };
    // A query may hold a key, which is not to be held on to, and is rarely the same twice.
    if (plain === path) this.remember(url, found);
    return found;
  }

  private remember(url: string, found: Destination): void {
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered.clear();
    this.remembered.set(url, found);
  }
}
