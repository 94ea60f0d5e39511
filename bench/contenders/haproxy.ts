import { needs, realKey } from './contender.ts';
import type { Contender } from './contender.ts';
import { peer } from './launch.ts';
import type { Place } from './launch.ts';

interface Variant {
  /** `option http-no-delay`, without which it may hold small events back. */
  noDelay: boolean;
  /** A limit for each key, and a log. */
  features: boolean;
}

/** HAProxy with one thread, swapping keys: as it comes, passing events on at once, and that with a limit and a log. */
export const haproxies: readonly Contender[] = [
  haproxy('haproxy', { noDelay: false, features: false }),
  haproxy('haproxy+nodelay', { noDelay: true, features: false }),
  haproxy('haproxy+features', { noDelay: true, features: true }),
];

function haproxy(name: string, variant: Variant): Contender {
  const features = variant.features ? 'on' : 'off';
  return peer(name, { features, isPeer: variant.features, missing: needs('haproxy') }, (place) => ({
    command: ['haproxy', '-db', '-f', 'haproxy.cfg'],
    files: { 'haproxy.cfg': haproxyConfig(place, variant) },
  }));
}

/** The configuration of a variant, whole. */
export function haproxyConfig({ port, upstream }: Place, { noDelay, features }: Variant): string {
  return `global
  nbthread 1
  maxconn 4000
${features ? '  log stdout format raw local0\n' : ''}defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
${noDelay ? '  option http-no-delay\n' : ''}${features ? '  log global\n  option httplog\n' : ''}frontend f
  bind 127.0.0.1:${port}
${features ? limit : ''}  default_backend b
backend b
  http-request set-header Authorization "Bearer ${realKey}"
  server s 127.0.0.1:${upstream}
`;
}

/** So much that nothing is ever refused: what is measured is the counting. */
const limit = `  stick-table type string len 64 size 100k expire 10m store http_req_rate(60s)
  http-request track-sc0 req.hdr(Authorization)
  http-request deny deny_status 429 if { sc_http_req_rate(0) gt 1000000000 }
`;
