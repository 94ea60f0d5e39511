import type { Contender } from './contender.ts';

/** The load straight at the upstream: what all others add to. */
export const direct: Contender = {
  name: 'direct',
  features: 'off',
  answers: 'exact',
  missing: () => undefined,
  start: async ({ upstream }) => ({ contender: direct, port: upstream }),
};
