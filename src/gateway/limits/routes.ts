import type { Target } from '../../config/targets.ts';

/** Rules by route: whole path segments and everything below them; the longest wins. */
export class RouteTable<T> {
  private readonly entries: readonly { readonly route: string; readonly rule: T }[];

  constructor(entries: readonly { readonly route: string; readonly rule: T }[]) {
    this.entries = entries.toSorted((a, b) => b.route.length - a.route.length);
  }

  get size(): number {
    return this.entries.length;
  }

  /** @param path - from {@link limitedPath} */
  find(path: string): T | undefined {
    return this.entries.find(({ route }) => covers(route, path))?.rule;
  }
}

function covers(route: string, path: string): boolean {
  if (route === '/') return true;
  return path.startsWith(route) && (path.length === route.length || path[route.length] === '/');
}

/**
 * The path that rules are compared with: the one asked for, without what an upstream would read the same without.
 * Escaped letters, doubled slashes, and a `/v1` left to the target's base must not be ways around a limit.
 * @param path - path and query as they were asked for
 */
export function limitedPath(path: string, target: Target): string {
  const end = path.indexOf('?');
  let plain = end < 0 ? path : path.slice(0, end);
  if (plain.includes('%')) plain = decoded(plain);
  if (plain.includes('//')) plain = plain.replace(/\/{2,}/g, '/');
  if (!target.basePath.endsWith('/v1')) return plain;
  const prefix = target.prefix === '/' ? '' : target.prefix;
  const rest = plain.slice(prefix.length);
  return covers('/v1', rest) ? plain : `${prefix}/v1${rest}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
