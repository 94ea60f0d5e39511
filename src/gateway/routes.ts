import type { Target } from '../config/targets.ts';
import { withoutQuery } from './path.ts';

/** Rules by route: whole path segments and everything below them; the longest wins. */
export class RouteTable<T> {
  private readonly entries: readonly { readonly route: string; readonly rule: T }[];

  constructor(entries: readonly { readonly route: string; readonly rule: T }[]) {
    // Read as a path is read: a route with an escape would match nothing.
    const read = entries.map(({ route, rule }) => ({ route: unescaped(route), rule }));
    this.entries = read.toSorted((a, b) => b.route.length - a.route.length);
  }

  get size(): number {
    return this.entries.length;
  }

  /** @param paths - from {@link comparedPaths} */
  find(paths: readonly string[]): T | undefined {
    return this.entries.find(({ route }) => paths.some((path) => covers(route, path)))?.rule;
  }
}

function covers(route: string, path: string): boolean {
  if (route === '/') return true;
  return path.startsWith(route) && (path.length === route.length || path[route.length] === '/');
}

/**
 * The paths that rules are compared with: the one asked for, without what an upstream would read the same without.
 * Escaped letters, doubled slashes, and a `/v1` said or left to the target's base must not be ways around a limit.
 * @param path - path and query as they were asked for
 */
export function comparedPaths(path: string, target: Target): string[] {
  const plain = unescaped(withoutQuery(path));
  if (!target.basePath.endsWith('/v1')) return [plain];
  const prefix = target.prefix === '/' ? '' : target.prefix;
  const rest = plain.slice(prefix.length);
  return [plain, covers('/v1', rest) ? prefix + rest.slice('/v1'.length) : `${prefix}/v1${rest}`];
}

/** ASCII escapes read, others in one notation, and slashes that are doubled taken as one. */
function unescaped(path: string): string {
  let plain = path;
  if (plain.includes('%')) {
    plain = plain
      .replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
      .replace(/%[89a-f][0-9a-f]/gi, (escape) => escape.toUpperCase());
  }
  // Only an operator's route has them: a path comes escaped.
  if (/[^\0-\x7f]/.test(plain)) plain = plain.replace(/[^\0-\x7f]+/g, encodeURIComponent);
  return plain.includes('//') ? plain.replace(/\/{2,}/g, '/') : plain;
}
