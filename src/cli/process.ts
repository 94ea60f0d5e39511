import type { Config } from '../config/options.ts';
import type { Running } from '../server/serve.ts';
import { exitCodes } from './exit.ts';

/**
 * Serves until a signal has asked to stop and open requests have ended, or their time is up.
 *
 * @param onListening called with the URL once requests are taken
 * @returns the exit code
 */
export async function serveUntilStopped(
  config: Config,
  onListening: (url: string) => unknown,
): Promise<number> {
  const { serve } = await import('../server/serve.ts');
  // Before listening: a signal that comes while we start must not be lost.
  const stopped = firstSignal();
  let running: Running;
  try {
    running = await serve(config);
  } catch (error) {
    return await explainListen(error, config);
  }
  // Whoever is told may take long (the demo's chat): a signal does not wait for it.
  await Promise.race([stopped, onListening(running.url)]);
  await stopped;
  await running.stop(config.shutdownTimeout);
  return exitCodes.clean;
}

/** Resolves at the first SIGTERM or SIGINT; the second ends the process at once, as a shell expects (128 + number). */
function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (code: number) => () => {
      if (asked) process.exit(code);
      asked = true;
      resolve();
    };
    process.on('SIGTERM', onSignal(143));
    process.on('SIGINT', onSignal(130));
  });
}

const reasons: Record<string, string> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'that port needs more rights than this user has',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EINVAL: 'that is no address of this machine',
};

/** One clear line for a server that could not start. @throws whatever it is, if it is something else */
async function explainListen(error: unknown, config: Config): Promise<number> {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = reasons[code ?? ''];
  if (reason === undefined && config.tlsCertFile !== undefined) {
    console.error(`aifd: TLS_CERT_FILE and TLS_KEY_FILE can't be used: ${message}`);
    return exitCodes.badConfiguration;
  }
  if (reason === undefined) throw error;
  // Bun says EADDRINUSE of a name that does not resolve, too.
  const why = (await resolves(config.host)) ? reason : 'that host name is not known';
  console.error(`aifd: cannot listen on ${config.host}:${config.port}: ${why}`);
  return exitCodes.failed;
}

async function resolves(host: string): Promise<boolean> {
  const { lookup } = await import('node:dns/promises');
  return lookup(host).then(
    () => true,
    () => false,
  );
}
