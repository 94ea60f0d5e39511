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
    files: { Caddyfile: caddyfile(place, hasLog, versionOf(installed(file, 'caddy'))) },
  }));
}

/** The configuration, whole. `text/event-stream` is passed on at once without being asked. */
export function caddyfile({ port, upstream, folder }: Place, hasLog: boolean, version = '2.6.2'): string {
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
    # Else a stream is sometimes cut: Caddy's issue 5431, when the answer begins before the end of the request was read.
    ${buffering(version)}
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

/** How requests are read whole before they are forwarded; the option was renamed in 2.7. */
function buffering(version: string): string {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > 2 || minor >= 7 ? 'request_buffers 4MiB' : 'buffer_requests';
}

function versionOf(program: string): string {
  return Bun.spawnSync([program, 'version']).stdout.toString();
}
