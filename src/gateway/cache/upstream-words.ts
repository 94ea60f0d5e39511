import type { Config } from '../../config/options.ts';
import type { About } from '../../store/entries/store.ts';
import { isCredential } from '../admit/user.ts';
import type { ResponseHead } from '../upstream/wire/head.ts';

/** Cookies of what stands before an upstream (bot checks, load balancers): they say nothing of the user. */
const infrastructureCookie =
  /^\s*(?:__cf_bm|_cfuvid|__cflb|__cfruid|__cfwaitingroom|cf_clearance|awsalb(?:cors|tg|tgcors)?|gclb|gaesa|arraffinity(?:samesite)?|x-ms-routing-name|tipmix|ak_bmsc|bm_s[vz]|_abck|visid_incap_\d+|incap_ses_\d+_\d+|nlbi_\d+)=/i;

/**
 * Fields of a request whose differences make no other response, so that `Vary` may name them: responses are stored
 * uncompressed, CORS is added anew, and aifd writes the others itself. Credentials are in the cache key.
 */
const heededOtherwise: ReadonlySet<string> = new Set([
  'accept-encoding',
  'origin',
  'access-control-request-method',
  'access-control-request-headers',
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
]);

/** Names that a `Vary` may hold; with more the response is not stored. */
const MOST_NAMES = 64;

type Words = Pick<Config, 'cacheIgnoreUpstream' | 'cacheMode'>;

/**
 * Whether the upstream allows its response to be stored, and shared with other requests that are waiting: not with
 * `Cache-Control: no-store` or `private`, `Vary: *`, or a cookie of its own (RFC 9111 §3, §4.1, §7.3).
 */
export function allowsStoring({ headers }: ResponseHead, config: Words): boolean {
  if (ignoresUpstream(config)) return true;
  for (const [name, value] of headers) {
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === 'vary' && !isComparable(value)) return false;
        break;
      case 10:
        if (name.toLowerCase() === 'set-cookie' && !infrastructureCookie.test(value)) return false;
        break;
      case 13:
        if (
          name.toLowerCase() === 'cache-control' &&
          /(?:^|[\s,])(?:no-store|private)(?:$|[\s,=])/i.test(value)
        )
          return false;
    }
  }
  return true;
}

/** A recording holds everything, whatever the upstream says. */
const ignoresUpstream = ({ cacheIgnoreUpstream, cacheMode }: Words): boolean =>
  cacheIgnoreUpstream || cacheMode !== 'on';

const strict: Words = { cacheIgnoreUpstream: false, cacheMode: 'on' };

/**
 * Whether a response is stored against the upstream's word. Such an entry serves only while the operator wants that.
 * @param request - the fields of the request that the response answers
 */
export function isOverruled(head: ResponseHead, request: Headers, config: Words): boolean {
  if (!ignoresUpstream(config)) return false;
  return !allowsStoring(head, strict) || variantOf(head, request, strict) !== undefined;
}

function isComparable(vary: string): boolean {
  return !vary.includes('*') && vary.split(',', MOST_NAMES + 1).length <= MOST_NAMES;
}

/**
 * The request's values of the fields that `Vary` names, as digests; undefined where it names none that counts.
 * @param request - the fields of the request that the response answers
 */
export function variantOf({ headers }: ResponseHead, request: Headers, config: Words): About['vary'] {
  if (ignoresUpstream(config)) return undefined;
  let vary: Record<string, string> | undefined;
  for (const [name, value] of headers) {
    if (name.length !== 4 || name.toLowerCase() !== 'vary') continue;
    for (const part of value.split(',')) {
      const wanted = part.trim().toLowerCase();
      if (wanted === '' || heededOtherwise.has(wanted) || isCredential(wanted)) continue;
      vary ??= Object.create(null) as Record<string, string>;
      vary[wanted] = valueIn(request, wanted);
    }
  }
  return vary;
}

/** Whether a stored response answers a request with these fields. */
export function isVariantOf({ vary }: Pick<About, 'vary'>, request: Headers): boolean {
  if (vary === undefined) return true;
  return Object.entries(vary).every(([name, value]) => valueIn(request, name) === value);
}

/** A field's value is not stored as it is: it may be long, and say who asked. */
function valueIn(request: Headers, name: string): string {
  let value: string | null;
  try {
    value = request.get(name);
  } catch {
    // No name of a field: no request has it.
    return '';
  }
  return value === null ? '' : Bun.SHA256.hash(value, 'base64').slice(0, 16);
}
