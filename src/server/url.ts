import type { Config } from '../config/options.ts';

/** Where a server with `config` is reached, as it is typed into a client. */
export function urlOf(config: Config, port: number): string {
  const { host } = config;
  const any = host === '0.0.0.0' || host === '::';
  const shown = any ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `${config.tlsCertFile === undefined ? 'http' : 'https'}://${shown}:${port}`;
}
