/**
 * The path and query of a request's URL, from the first `/`, as Bun gives it: dot segments resolved, escapes kept.
 * A fragment never was the server's affair (RFC 9112 §3.2).
 * @param url - absolute, or as the client wrote it when it sent no Host
 * @returns undefined for what can't be forwarded: another form (CONNECT, `*`), or escapes that hide a climb
 */
export function forwardablePath(url: string): string | undefined {
  const start = url.startsWith('http') ? url.indexOf('/', url.indexOf('://') + 3) : 0;
  const hash = url.indexOf('#');
  const path = start < 0 ? '/' : url.slice(start, hash < 0 ? undefined : hash);
  // Without a Host the URL is as the client wrote it, and a letter beyond ASCII could become a CR on the wire.
  if (!printable.test(path) || hidesClimb(path)) return undefined;
  return path;
}

/**
 * `..%2f`, `%2e%2e%5c` and their like: one segment here, a way out of the base's path for a server that decodes
 * before it splits.
 */
const suspicious = /[%\\]|\/\.|\.\./;
const printable = /^\/[\x21-\x7e]*$/;

function hidesClimb(path: string): boolean {
  if (!suspicious.test(path)) return false;
  const plain = withoutQuery(path)
    .replace(/%2e/gi, '.')
    .replace(/%2f|%5c|\\/gi, '/');
  return /(?:^|\/)\.\.?(?:\/|;|$)/.test(plain);
}

/** The path alone. */
export function withoutQuery(path: string): string {
  const end = path.indexOf('?');
  return end < 0 ? path : path.slice(0, end);
}
