import type { Config } from '../config/options.ts';
import type { Running } from '../server/serve.ts';
import { isEcho } from '../server/echo.ts';
import { survivesHangup } from '../server/hangup.ts';
import { exitCodes } from './exit.ts';

/** What a second signal waits for logs and the like to be written, ms. */
const LAST_WORDS_MS = 900;

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
  const signals = new Signals();
  let running: Running;
  try {
    running = await serve(config);
  } catch (error) {
    return await explainListen(error, config);
  }
  // Whoever is told may take long (the demo's chat): a signal does not wait for it.
  await Promise.race([signals.first, onListening(running.url)]);
  await signals.first;
  const stopping = running.stop(config.shutdownTimeout);
  signals.hurry = () => {
    running.hurry();
    return stopping;
  };
  await stopping;
  return signals.secondCode ?? exitCodes.clean;
}

/**
 * Waits for SIGTERM or SIGINT. The second one ends the process at once, as a shell expects (128 + its number): all it
 * waits for is `hurry`, a moment; a third one not even for that.
 */
class Signals {
  /** Called at the second one; it resolves when what is open has been told of. Until it is set there is nothing to tell. */
  hurry: (() => Promise<void>) | undefined;
  readonly first: Promise<void>;
  /** The exit code that the second one asks for, once it came. */
  secondCode: number | undefined;
  private seen = 0;
  private readonly resolve: () => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.first = promise;
    this.resolve = resolve;
    process.on('SIGTERM', () => this.came(143));
    process.on('SIGINT', () => isEcho() || this.came(130));
    survivesHangup();
  }

  private came(code: number): void {
    const count = ++this.seen;
    if (count === 1) return this.resolve();
    if (count > 2 || !this.hurry) process.exit(code);
    this.secondCode = code;
    void Promise.race([this.hurry(), Bun.sleep(LAST_WORDS_MS)]).finally(() => process.exit(code));
  }
}

/** One clear line for a server that could not start. @throws whatever it is, if it is something else */
async function explainListen(error: unknown, config: Config): Promise<number> {
  const { listenProblem } = await import('../server/listen-problem.ts');
  const problem = await listenProblem(error, config);
  if (problem === undefined) throw error;
  console.error(`aifd: ${problem.line}`);
  return problem.isConfiguration ? exitCodes.badConfiguration : exitCodes.failed;
}
