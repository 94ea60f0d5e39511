import type { Server } from 'bun';
import { consola } from 'consola';
import type { Config } from '../config/options.ts';
import { openEntries } from '../gateway/cache/open.ts';
import { cachePlace } from '../gateway/cache/place.ts';
import { Gateway } from '../gateway/gateway.ts';
import { openWindows } from '../gateway/limits/windows.ts';
import type { EntryStore } from '../store/entries/store.ts';
import { openUserSecret, useOwnUserSecret } from '../store/user-digest.ts';
import { createApp, IDLE_SECONDS } from './app.ts';
import { type Control, startControl } from './control.ts';
import { checkLogFolder } from './folders.ts';
import { probeClients } from './probes.ts';
import { openRecording, type Recording } from './record.ts';
import { urlOf } from './url.ts';

/** A server that is up. */
export interface Running {
  readonly url: string;
  readonly port: number;
  /**
   * Stops accepting, lets open requests end, then closes.
   * @param graceSeconds - after which what is still open is cut; 0 cuts at once
   */
  stop(graceSeconds: number): Promise<void>;
  /** Cuts what is open: {@link Running.stop}, called before, is done soon. */
  hurry(): void;
}

/** A line for the operator. */
function say(message: string): void {
  consola.warn(message);
}

/**
 * Starts to serve.
 *
 * @param idleSeconds - how long a client's connection may be silent between requests
 * @throws ConfigError when the windows of limits or the cache can't be kept where they should be; an error with code `EADDRINUSE`, `EACCES`, … when the address can't be had
 */
export async function serve(config: Config, idleSeconds = IDLE_SECONDS): Promise<Running> {
  const windows = await openWindows(config, say);
  const entries = await openEntries(config);
  const stores = { ...(windows && { windows }), ...(entries && { entries }) };
  checkLogFolder(config);
  consola.level = consolaLevels[config.logLevel];
  const isStored = windows !== undefined && config.rateLimitBackend !== 'memory';
  openSecret(config, isStored || (entries !== undefined && cachePlace(config).backend !== 'memory'));
  const own = cachePlace(config).isShared ? undefined : entries;
  // Nothing is made on disk for nothing.
  const isAsked = own !== undefined || config.usage || config.metrics !== 'off';
  let gateway: Gateway | undefined;
  const gauges = { openStreams: () => gateway?.openAnswers, queued: () => gateway?.waiting };
  const recording = await openRecording(config, say, isAsked, gauges);
  gateway = new Gateway(config, (error) => consola.error(error), say, stores, recording.sinks);
  const control = isAsked ? await startControlOf(own, recording, config) : undefined;
  const app = createApp(gateway, recording.metrics, idleSeconds);
  app.listen(listenOptions(config, idleSeconds));
  const server = app.server as Server<unknown>;
  const port = server.port!;
  probeClients();
  const hurried = Promise.withResolvers<void>();
  return {
    url: urlOf(config, port),
    port,
    stop: async (graceSeconds) => {
      await control?.stop();
      await stop(server, gateway, graceSeconds, hurried.promise);
    },
    hurry: () => hurried.resolve(),
  };
}

/** Where nothing is recorded that another process or a later start reads, nothing is made on disk. */
function openSecret({ dataDir, ...config }: Config, isStored: boolean): void {
  const isRecorded = config.usage || config.logChat || config.metrics !== 'off' || config.workers > 1;
  if (!isStored && !isRecorded) return useOwnUserSecret();
  const problem = openUserSecret(dataDir);
  if (problem !== undefined)
    say(`the secret of user digests can't be kept in ${dataDir}: they change with each start (${problem})`);
}

const consolaLevels = { error: 0, warn: 1, info: 3, debug: 4 } as const;

/** What no other process knows is asked of this one. A server runs without it, and says so where something is missed. */
async function startControlOf(
  own: EntryStore | undefined,
  { services }: Recording,
  config: Config,
): Promise<Control | undefined> {
  const { backend, path } = cachePlace(config);
  const cache = own && { backend, path, maxSize: config.cacheMaxSize };
  try {
    return await startControl(config.dataDir, own, { services, ...(cache && { cache }) });
  } catch (error) {
    say(`aifd cache, aifd top and other workers can't reach this process: ${(error as Error).message}`);
    return undefined;
  }
}

function listenOptions(config: Config, idleSeconds: number) {
  const tls = config.tlsCertFile
    ? { tls: { cert: Bun.file(config.tlsCertFile), key: Bun.file(config.tlsKeyFile!) } }
    : {};
  return {
    hostname: config.host,
    port: config.port,
    // Shared by the workers of one supervisor only: else a second aifd would silently take half the requests.
    reusePort: process.env['AIFD_WORKER'] !== undefined,
    // For connections between requests; a forwarded request has limits of its own.
    idleTimeout: idleSeconds,
    // MAX_BODY_SIZE is the gateway's affair: it refuses in the right shape.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    ...tls,
  };
}

async function stop(
  server: Server<unknown>,
  gateway: Gateway,
  graceSeconds: number,
  hurried: Promise<void>,
): Promise<void> {
  if (graceSeconds === 0) gateway.stopping();
  const ended = server.stop(graceSeconds === 0);
  if (graceSeconds > 0) {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceSeconds * 1000);
    await Promise.race([ended, late, hurried]);
    clearTimeout(timer);
    gateway.stopping();
    server.stop(true);
  }
  await gateway.close();
}
