import { join } from 'node:path';
import { realKey } from './contender.ts';
import type { Contender } from './contender.ts';
import { installed, needsInstalled } from './installed.ts';
import { peer } from './launch.ts';
import type { Place } from './launch.ts';

const file = 'bin/caddy';

/** Caddy with one processor, swapping keys; bare, and with its access log. A limit it has as an extra module only. */
export const caddies: readonly Contender[] = [caddy('caddy', false), caddy('caddy+features', true)];

function caddy(name: string, hasLog: boolean): Contender {
  const features = hasLog ? 'on' : 'off';
  return peer(name, { features, missing: needsInstalled(file, 'caddy') }, (place) => ({
    command: [installed(file, 'caddy'), 'run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
    // One thread of Go code at a time, as HAProxy has one; its state stays in the round's folder.
    env: { GOMAXPROCS: '1', XDG_DATA_HOME: place.folder, XDG_CONFIG_HOME: place.folder },
    files: { Caddyfile: caddyfile(place, hasLog) },
  }));
}

/** The configuration, whole. `text/event-stream` is passed on at once without being asked. */
export function caddyfile({ port, upstream, folder }: Place, hasLog: boolean): string {
  const log = `  log {
    output file ${join(folder, 'access.log')}
  }
`;
  return `{
  admin off
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
${hasLog ? log : ''}  reverse_proxy 127.0.0.1:${upstream} {
    header_up Authorization "Bearer ${realKey}"
    transport http {
      # It would ask the upstream for gzip.
      compression off
      # 32 by default: the others would be closed after each request.
      keepalive_idle_conns_per_host 1024
    }
  }
}
`;
}
