import type { Target } from '../config/targets.ts';

/** Stands in a response field in place of a real key. */
const HIDDEN = '***';

/** The real keys of a target as they may come back in a response: as they are, and escaped as in a query. */
export class RealKeys {
  private readonly spellings: readonly string[];
  private readonly shortest: number;

  constructor(keys: readonly string[]) {
    this.spellings = [...new Set(keys.flatMap((key) => [key, encodeURIComponent(key)]))];
    this.shortest = Math.min(...this.spellings.map((key) => key.length));
  }

  /** Takes the keys out of a field's value. Most values are shorter than a key: those cost nothing. */
  hidden(value: string): string {
    if (value.length < this.shortest) return value;
    let clean = value;
    for (const key of this.spellings) if (clean.includes(key)) clean = clean.replaceAll(key, HIDDEN);
    return clean;
  }
}

/** Fields that hold an address of the upstream, by the length of their names. */
const addressFields = new Map([
  [4, 'link'],
  [7, 'refresh'],
  [8, 'location'],
  [16, 'content-location'],
]);

/**
 * Makes a response's fields fit for the client, in place: real keys that aifd put into the request are taken out, and
 * the upstream's own addresses lead back through the gateway, under the target's prefix. Other hosts' stay.
 * @param keys - of the target; undefined where aifd put none into the request
 */
export function cleanFields(headers: [string, string][], target: Target, keys: RealKeys | undefined): void {
  for (const field of headers) {
    if (keys) field[1] = keys.hidden(field[1]);
    const name = addressFields.get(field[0].length);
    if (name !== undefined && field[0].toLowerCase() === name) field[1] = readdressed(name, field[1], target);
  }
}

function readdressed(name: string, value: string, target: Target): string {
  // `Link: <a>; rel=next, <b>; rel=prev` (RFC 8288); `Refresh: 5; url=a`.
  if (name === 'link')
    return value.replace(/<([^<>]*)>/g, (_, link: string) => `<${throughHere(link, target)}>`);
  if (name !== 'refresh') return throughHere(value, target);
  const at = value.toLowerCase().indexOf('url=');
  return at < 0 ? value : value.slice(0, at + 4) + throughHere(value.slice(at + 4), target);
}

/** An address of the target's as a path of the gateway's; any other as it is. */
function throughHere(address: string, { prefix, basePath, protocol, hostname, port }: Target): string {
  let path = address;
  if (!address.startsWith('/') || address.startsWith('//')) {
    const scheme = address.startsWith('//') ? protocol : '';
    const url = URL.parse(scheme + address);
    if (url === null || !/^(?:https?:)?\/\//i.test(address)) return address;
    const own = { 'http:': 80, 'https:': 443 }[url.protocol];
    const isTarget =
      url.protocol === protocol &&
      url.hostname.replace(/^\[|\]$/g, '') === hostname.toLowerCase() &&
      (Number(url.port) || own) === port;
    if (!isTarget) return address;
    // As it was written: a parsed URL is spelled anew.
    const behindHost = address.slice(address.indexOf('//') + 2).replace(/^[^/?#]*/, '');
    path = behindHost.startsWith('/') ? behindHost : `/${behindHost}`;
  }
  if (basePath !== '') {
    const next = path[basePath.length];
    const isBelow = path.startsWith(basePath) && (next === undefined || '/?#'.includes(next));
    if (!isBelow) return address;
    path = path.slice(basePath.length);
  }
  return prefix === '/' ? (path.startsWith('/') ? path : `/${path}`) : prefix + path;
}
