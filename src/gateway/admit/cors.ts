/** Answers browsers for the upstream when `CORS_ORIGINS` is set; unset, preflights go upstream like anything else. */
export class Cors {
  private readonly any: boolean;
  private readonly origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.any = origins.includes('*');
    this.origins = new Set(origins.map((origin) => origin.toLowerCase()));
  }

  get enabled(): boolean {
    return this.origins.size > 0;
  }

  /** The answer to a preflight (Fetch §4.8), or undefined when `request` is none. */
  preflight(request: Request): Response | undefined {
    const { headers } = request;
    if (request.method !== 'OPTIONS' || !headers.has('origin')) return undefined;
    if (!headers.has('access-control-request-method')) return undefined;
    const answer = new Response(null, { status: 204 });
    if (!this.stamp(request, answer)) return answer;
    const asked = headers.get('access-control-request-headers');
    answer.headers.set('access-control-allow-methods', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS');
    if (asked) answer.headers.set('access-control-allow-headers', asked);
    answer.headers.set('access-control-max-age', '600');
    vary(answer.headers, 'Access-Control-Request-Headers');
    return answer;
  }

  /**
   * Lets the page at the request's origin read `response`. What the upstream said of CORS is replaced: two answers to
   * one question are none.
   * @returns whether the origin may
   */
  stamp(request: Request, response: Response): boolean {
    const origin = request.headers.get('origin');
    const { headers } = response;
    headers.delete('access-control-allow-credentials');
    headers.delete('access-control-allow-origin');
    if (!this.any) vary(headers, 'Origin');
    const allowed = origin !== null && (this.any || this.origins.has(origin.toLowerCase()));
    if (!allowed) return false;
    // With `*` any website could spend a visitor's cookies: never both (Fetch §3.2.5).
    headers.set('access-control-allow-origin', this.any ? '*' : origin);
    if (!this.any) headers.set('access-control-allow-credentials', 'true');
    headers.set('access-control-expose-headers', this.any ? '*' : exposed(headers));
    return true;
  }
}

/** Adds a name to `Vary`, so that the field and each of its names are there once (RFC 9110 §12.5.5); `*` covers all. */
function vary(headers: Headers, name: string): void {
  const names = new Map<string, string>();
  for (const each of [...(headers.get('vary') ?? '').split(','), name]) {
    const trimmed = each.trim();
    const lower = trimmed.toLowerCase();
    if (trimmed !== '' && !names.has(lower)) names.set(lower, trimmed);
  }
  headers.set('vary', names.has('*') ? '*' : [...names.values()].join(', '));
}

/** `*` exposes nothing to a request with credentials, so the names are listed. */
function exposed(headers: Headers): string {
  return [...headers.keys()].filter((name) => !name.startsWith('access-control-')).join(', ');
}
