import { ConfigError } from '../../src/config/error.ts';
import { load } from '../../src/config/load.ts';

/** A folder without `.env`. */
const nowhere = '/proc/self';

/** Loads a configuration from an environment alone. */
export function given(env: Record<string, string>) {
  return load({ flags: {}, env, cwd: nowhere });
}

/** The problems that an environment has. */
export function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    given(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
