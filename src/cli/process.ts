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

/** One clear line for a server that could not start. @throws whatever it is, if it is something else */
async function explainListen(error: unknown, config: Config): Promise<number> {
  const { listenProblem } = await import('../server/listen-problem.ts');
  const problem = await listenProblem(error, config);
  if (problem === undefined) throw error;
  console.error(`aifd: ${problem.line}`);
  return problem.isConfiguration ? exitCodes.badConfiguration : exitCodes.failed;
}
