import type { Kind } from './kinds.ts';

/** One option: the parser, `--help`, `.env.example`, the docs and `aifd config` are all made from this. */
export interface Option<T = unknown> {
  /** The environment variable; the flag is the same in kebab case. */
  readonly env: string;
  readonly group: Group;
  readonly kind: Kind<T>;
  /** As the user would write it; the empty text means that the option is unset. */
  readonly default: string;
  /** One line, without a full stop. */
  readonly help: string;
  /** Masked wherever it is printed. */
  readonly secret?: true;
  /** Another name of the variable, read where the first is not set. */
  readonly alias?: string;
}

export const groups = [
  'Server',
  'Targets',
  'Keys and access',
  'Timeouts',
  'Retries',
  'Limits',
  'Cache',
  'Logs',
  'Usage, metrics and traces',
  'State',
] as const;
export type Group = (typeof groups)[number];

/** A row of the table. @param fallback - the default, as a user would write it */
export const define = <T>(
  group: Group,
  env: string,
  kind: Kind<T>,
  fallback: string,
  help: string,
  secret?: 'secret',
): Option<T> => ({ group, env, kind, default: fallback, help, ...(secret && { secret: true }) });
