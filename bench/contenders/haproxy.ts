import { join } from 'node:path';
import { freePort, start, untilListening } from '../measure/processes.ts';
import { needs, realKey } from './contender.ts';
import type { Contender, Running, Where } from './contender.ts';

/** HAProxy with one thread, swapping keys; as it comes, and with `option http-no-delay`. */
export const haproxies: readonly Contender[] = [
  haproxy('haproxy', ''),
  haproxy('haproxy+nodelay', '  option http-no-delay\n'),
];

/** @param more lines for the `defaults` section */
function haproxy(name: string, more: string): Contender {
  const contender: Contender = {
    name,
    features: 'off',
    answers: 'exact',
    missing: needs('haproxy'),
    start: (where) => startHaproxy(contender, more, where),
  };
  return contender;
}

async function startHaproxy(
  contender: Contender,
  more: string,
  { upstream, folder, cores }: Where,
): Promise<Running> {
  const port = freePort();
  const config = join(folder, `${contender.name}.cfg`);
  await Bun.write(config, configText(port, upstream, more));
  const log = join(folder, `${contender.name}.log`);
  const child = start(['haproxy', '-db', '-f', config], { log, cores });
  await untilListening(port, contender.name).catch(async (error: Error) => {
    await child.stop();
    throw error;
  });
  return { contender, port, child };
}

function configText(port: number, upstream: number, more: string): string {
  return `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
${more}frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  http-request set-header Authorization "Bearer ${realKey}"
  server s 127.0.0.1:${upstream}
`;
}
