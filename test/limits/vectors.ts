import { parseLimit } from '../../src/config/limit-grammar.ts';
import type { Meter, Strategy } from '../../src/store/windows/store.ts';

/** One case: verdicts that the Python library `limits` 3.7.0 gave on frozen time. */
export interface Vector {
  limit: string;
  strategy: Strategy;
  /** When each request came, in seconds. */
  t: number[];
  allowed: boolean[];
}

export const vectors = (await Bun.file(new URL('vectors.json', import.meta.url)).json()) as Vector[];

/** The meters of a limit string, for a user of one's own. */
export const metersOf = (limit: string, user: string, cost = 1): Meter[] =>
  parseLimit(limit).map(({ amount, windowMs, text }) => ({ key: `${user}/${text}`, amount, windowMs, cost }));
