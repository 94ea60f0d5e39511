import type { Server } from 'bun';
import { consola } from 'consola';
import type { Config } from '../config/options.ts';
import { Gateway } from '../gateway/gateway.ts';
import { openWindows } from '../gateway/limits/windows.ts';
import { createApp } from './app.ts';

/** A server that is up. */
export interface Running {
  readonly url: string;
  readonly port: number;
  /**
   * Stops accepting, lets open requests end, then closes.
   * @param graceSeconds - after which what is still open is cut; 0 cuts at once
   */
  stop(graceSeconds: number): Promise<void>;
}

/**
 * Starts to serve.
 * @throws ConfigError when the windows of limits can't be kept where they should be; an error with code `EADDRINUSE`, `EACCES`, … when the address can't be had
 */
export async function serve(config: Config): Promise<Running> {
  const windows = await openWindows(config, (message) => consola.warn(message));
  const gateway = new Gateway(config, (error) => consola.error(error), windows);
  const app = createApp(gateway);
  app.listen(listenOptions(config));
  const server = app.server as Server<unknown>;
  const port = server.port!;
  return {
    url: `${config.tlsCertFile ? 'https' : 'http'}://${showHost(config.host)}:${port}`,
    port,
    stop: (graceSeconds) => stop(server, gateway, graceSeconds),
  };
}

function listenOptions(config: Config) {
  const tls = config.tlsCertFile
    ? { tls: { cert: Bun.file(config.tlsCertFile), key: Bun.file(config.tlsKeyFile!) } }
    : {};
  return {
    hostname: config.host,
    port: config.port,
    // Shared by the workers of one supervisor only: else a second aifd would silently take half the requests.
    reusePort: process.env['AIFD_WORKER'] !== undefined,
    // For connections between requests; a forwarded request has limits of its own.
    idleTimeout: 120,
    // MAX_BODY_SIZE is the gateway's affair: it refuses in the right shape.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    ...tls,
  };
}

/** An address to type into a client. */
function showHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

async function stop(server: Server<unknown>, gateway: Gateway, graceSeconds: number): Promise<void> {
  const ended = server.stop(graceSeconds === 0);
  if (graceSeconds > 0) {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceSeconds * 1000);
    await Promise.race([ended, late]);
    clearTimeout(timer);
    server.stop(true);
  }
  await gateway.close();
}
