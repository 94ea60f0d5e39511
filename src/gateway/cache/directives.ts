/** What a request's Cache-Control asks of us (RFC 9111 §5.2.1); ages in seconds. */
export interface Directives {
  /** A kept answer won't do. */
  readonly noCache: boolean;
  /** This answer is not to be kept. */
  readonly noStore: boolean;
  /** The kept answer may be no older. */
  readonly maxAge: number;
  /** Nobody is to be asked. */
  readonly onlyIfCached: boolean;
}

const none: Directives = { noCache: false, noStore: false, maxAge: Infinity, onlyIfCached: false };

/** Reads them; what is unknown or malformed is passed over, as the RFC says, but a broken age is the strictest. */
export function directivesOf(headers: Headers): Directives {
  const value = headers.get('cache-control');
  // An HTTP/1.0 client's word for it (RFC 9111 §5.4).
  if (value === null) return headers.get('pragma') === 'no-cache' ? { ...none, noCache: true } : none;
  const found = { ...none };
  for (const part of value.toLowerCase().split(',')) {
    const [name, argument] = part.split('=', 2).map((side) => side.trim());
    if (name === 'no-cache') found.noCache = true;
    else if (name === 'no-store') found.noStore = true;
    else if (name === 'only-if-cached') found.onlyIfCached = true;
    else if (name === 'max-age') found.maxAge = Math.min(found.maxAge, secondsOf(argument));
  }
  return found;
}

function secondsOf(argument: string | undefined): number {
  const digits = /^"?(\d+)"?$/.exec(argument ?? '')?.[1];
  return digits === undefined ? 0 : Number(digits);
}
