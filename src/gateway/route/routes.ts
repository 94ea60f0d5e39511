import type { Target } from '../../config/targets.ts';
import { canonicalPath } from '../../openai/path.ts';

type Place = Pick<Target, 'prefix' | 'basePath'>;

/** Rules by route: whole path segments and everything below them; the longest wins. */
export class RouteTable<T> {
  private readonly entries: readonly { readonly route: string; readonly rule: T }[];

  /**
   * @param entries - of two routes that are one in canonical form the longer as written wins, then the first
   * @param targets - those whose paths are looked up
   */
  constructor(entries: readonly { readonly route: string; readonly rule: T }[], targets: readonly Place[]) {
    this.entries = entries
      .toSorted((a, b) => b.route.length - a.route.length)
      .flatMap(({ route, rule }) =>
        canonicalRoutes(route, targets).map((canonical) => ({ route: canonical, rule })),
      )
      .toSorted((a, b) => b.route.length - a.route.length);
  }

  get size(): number {
    return this.entries.length;
  }

  /** @param path - in canonical form, from {@link canonicalAt} */
  find(path: string): T | undefined {
    return this.entries.find(({ route }) => covers(route, path))?.rule;
  }
}

/** Whether `path` is `route` or below it, both in canonical form. */
export function covers(route: string, path: string): boolean {
  if (route === '/') return true;
  return path.startsWith(route) && (path.length === route.length || path[route.length] === '/');
}

/** A version of an API in a path; `/v1` alone may be left out. */
const version = /^\/v\d[^/]*/;

/**
 * The canonical form of a path that a target takes: {@link canonicalPath}, and with `/v1` behind the target's prefix
 * whether the client wrote it or not. Many upstreams (LocalAI, llama.cpp) take both, and where the base URL ends in
 * `/v1` aifd adds it.
 * @param path - without the query, under the target's prefix as the target takes it
 */
export function canonicalAt(path: string, { prefix, basePath }: Place): string {
  const own = prefix === '/' ? '' : prefix;
  let rest = canonicalPath(path.slice(own.length));
  const hasVersion = version.test(rest) && !covers('/v1', rest);
  while (covers('/v1', rest)) rest = rest.slice('/v1'.length);
  if (rest === '/') rest = '';
  const isOther = hasVersion && !endsInV1.test(basePath);
  return own.toLowerCase() + (isOther ? rest : `/v1${rest}`);
}

const endsInV1 = /\/v1$/i;

/** The canonical forms of a rule's route: as one of a target's paths, and as one that stands above targets. */
export function canonicalRoutes(route: string, targets: readonly Place[]): string[] {
  const plain = canonicalPath(route);
  const under = targets.filter(({ prefix }) => prefix === '/' || covers(canonicalPath(prefix), plain));
  const [target] = under.toSorted((a, b) => b.prefix.length - a.prefix.length);
  // A target's own prefix is above all its versions.
  const isAbove = target === undefined || plain === canonicalPath(target.prefix);
  if (isAbove) return [plain];
  const own = canonicalAt(
    target.prefix === '/' ? plain : target.prefix + plain.slice(target.prefix.length),
    target,
  );
  return own === plain ? [plain] : [own, plain];
}
