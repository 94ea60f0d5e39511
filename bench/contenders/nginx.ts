import { userInfo } from 'node:os';
import { join } from 'node:path';
import { needs, realKey } from './contender.ts';
import type { Contender } from './contender.ts';
import { peer } from './launch.ts';
import type { Place } from './launch.ts';

/** nginx with one worker, swapping keys; bare, and with a limit for each key and an access log. */
export const nginxes: readonly Contender[] = [nginx('nginx', false), nginx('nginx+features', true)];

function nginx(name: string, hasFeatures: boolean): Contender {
  const features = hasFeatures ? 'on' : 'off';
  return peer(name, { features, missing: needs('nginx') }, (place) => ({
    command: ['nginx', '-c', join(place.folder, 'nginx.conf'), '-p', place.folder, '-e', 'stderr'],
    files: { 'nginx.conf': nginxConfig(place, hasFeatures) },
  }));
}

/** The configuration, whole. */
export function nginxConfig({ port, upstream, folder }: Place, hasFeatures: boolean): string {
  // Workers of a root nginx would be another user, who can't write to the round's folder.
  const user = userInfo().uid === 0 ? 'user root root;\n' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${folder}/${kind};\n`,
  );
  return `daemon off;
${user}worker_processes 1;
worker_rlimit_nofile 10000;
pid ${folder}/nginx.pid;
error_log stderr error;
events {
  worker_connections 10000;
}
http {
${temporary.join('')}${hasFeatures ? limited(folder) : '  access_log off;\n'}  upstream mock {
    server 127.0.0.1:${upstream};
    # Without it each request has a connection of its own; the rest are so many that none is closed while it is measured.
    keepalive 512;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    client_body_buffer_size 2m;
    location / {
      proxy_pass http://mock;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer ${realKey}";
      # As one sets it for streams; on, it passed events as soon, to clients that keep up.
      proxy_buffering off;
${hasFeatures ? '      limit_req zone=keys burst=1000000 nodelay;\n' : ''}    }
  }
}
`;
}

/** So much that nothing is ever refused: what is measured is the counting. */
function limited(folder: string): string {
  return `  limit_req_zone $http_authorization zone=keys:10m rate=1000000r/s;
  access_log ${folder}/access.log combined buffer=64k flush=1s;
`;
}
