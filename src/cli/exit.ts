import { ConfigError } from '../config/error.ts';
import { safeText } from '../text/terminal.ts';

/** What the shell is told. */
export const exitCodes = { clean: 0, failed: 1, badConfiguration: 2 } as const;

/** The command line can't be understood; the message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Writes why it ended to stderr. @returns the exit code that goes with it */
export function complain(error: unknown): number {
  if (error instanceof UsageError) {
    // What is wrong may be quoted from a log.
    console.error(`aifd: ${safeText(error.message)}`);
    return exitCodes.badConfiguration;
  }
  if (error instanceof ConfigError) {
    for (const problem of error.problems) console.error(`aifd: ${safeText(problem)}`);
    return exitCodes.badConfiguration;
  }
  console.error(`aifd: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return exitCodes.failed;
}
