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
  if (!printable.test(path) || path.includes(REPLACED) || hidesClimb(path)) return undefined;
  return path;
}

/** What the runtime makes of a byte that is not UTF-8: the byte itself is lost. */
const REPLACED = '%EF%BF%BD';

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

/** What a clean path consists of: then it is its own canonical form. */
const clean = /^(?:\/[a-z0-9_-]+)+$/;

/** How often escapes are undone: a proxy before the upstream may decode too. */
const MOST_DECODINGS = 4;

/**
 * The one form of a path that rules are compared with: what a lenient upstream takes for the same route has the same
 * form. Decoded, in lower case, without parameters (`;x`), a query or a fragment that was escaped, doubled slashes,
 * white space and control characters around a segment, marks at its end (`.`, `/`, `,`), and a last `.json`.
 * Escapes beyond ASCII stay. Only for comparing: what is forwarded stays verbatim.
 * @param path - without the query, from the first `/`
 * @returns from the first `/`, without one at the end; `/` alone for the root
 */
export function canonicalPath(path: string): string {
  if (clean.test(path)) return path;
  const plain = decoded(path).replaceAll('\\', '/').toLowerCase();
  let canonical = '';
  for (const segment of upTo(plain, /[?#\0]/).split('/')) {
    const name = trimmed(upTo(segment, /;/));
    if (name !== '') canonical += `/${name}`;
  }
  if (canonical.endsWith('.json')) canonical = canonical.slice(0, -'.json'.length);
  return canonical === '' ? '/' : canonical;
}

function decoded(path: string): string {
  // Only an operator's rule has letters beyond ASCII: a path comes with those escaped.
  let plain = /[^\0-\x7f]/.test(path) ? path.replace(/[^\0-\x7f]+/g, encodeURIComponent) : path;
  for (let left = MOST_DECODINGS; left > 0 && plain.includes('%'); left--)
    plain = plain.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return plain;
}

function upTo(text: string, mark: RegExp): string {
  const at = text.search(mark);
  return at < 0 ? text : text.slice(0, at);
}

/** Scanned by hand: an expression for the end of a text takes quadratic time. */
function trimmed(segment: string): string {
  let start = 0;
  let end = segment.length;
  while (start < end && segment.charCodeAt(start) <= SPACE) start++;
  while (end > start && !endsName(segment.charCodeAt(end - 1))) end--;
  return segment.slice(start, end);
}

const SPACE = 0x20;
const DEL = 0x7f;

/** Letters, digits and the few marks that names end with: no server drops those. */
function endsName(code: number): boolean {
  if (code >= DEL) return false;
  return (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x7a) || namesEndWith.includes(code);
}

const namesEndWith = Buffer.from('_-%~$@)]}*');
