import { randomBytes } from 'node:crypto';
import { refuse } from '../gateway/errors.ts';
import { METRICS_TYPE } from '../record/metrics/render.ts';

/** Who may read the metrics. */
export interface MetricsPage {
  readonly access: 'public' | 'key';
  readonly keys: BearerKeys;
  /** The text, as {@link WorkersMetrics} or {@link Metrics} gives it. */
  render(): Promise<string>;
}

/** Keys that open something, as digests under a secret of this process: no lookup's timing tells anything of a key. */
export class BearerKeys {
  private readonly secret = randomBytes(32);
  private readonly digests: ReadonlySet<string>;

  /** @param keys - none: nothing opens */
  constructor(keys: readonly string[]) {
    this.digests = new Set(keys.map((key) => this.digest(key)));
  }

  opens(key: string): boolean {
    return this.digests.has(this.digest(key));
  }

  private digest(key: string): string {
    return new Bun.CryptoHasher('sha256', this.secret).update(key).digest('base64');
  }
}

/** What `/metrics` answers. */
export async function metricsResponse(request: Request, page: MetricsPage): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return refuse('method_not_allowed', undefined, { allow: 'GET, HEAD' });
  const refusal = page.access === 'key' ? refused(request, page.keys) : undefined;
  if (refusal) return refusal;
  return new Response(await page.render(), {
    headers: { 'content-type': METRICS_TYPE, 'cache-control': 'no-store' },
  });
}

function refused(request: Request, keys: BearerKeys): Response | undefined {
  const sent = request.headers.get('authorization');
  if (sent === null) return refuse('missing_api_key', undefined, { 'www-authenticate': 'Bearer' });
  const key = /^bearer +(\S+)\s*$/i.exec(sent)?.[1];
  if (key !== undefined && keys.opens(key)) return undefined;
  return refuse('invalid_api_key', undefined, { 'www-authenticate': 'Bearer' });
}
