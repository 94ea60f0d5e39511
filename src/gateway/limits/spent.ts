import type { Usage } from '../record/usage.ts';
import type { Estimate } from './estimate.ts';

/**
 * Tokens that an answer is taken to have where no maximum was asked and nothing of it can be read: the default maximum
 * of several upstreams.
 */
const ASSUMED_COMPLETION = 4096;

/** The most that a request is taken to have cost where nobody can tell. Tokens. */
export function ceilingOf({ prompt, completion }: Estimate): number {
  return Math.max(1, prompt + (completion > 0 ? completion : ASSUMED_COMPLETION));
}

/** Whole tokens that an answer's usage says, else what came of the answer and the estimated prompt. */
export function spentBy({ reported, total, input, output, text }: Usage, { prompt }: Estimate): number {
  // Windows count whole tokens, whatever an upstream says.
  return Math.ceil(reported ? (total ?? (input ?? 0) + (output ?? 0)) : (input ?? prompt) + text);
}
