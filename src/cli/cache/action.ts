import type { OptionName } from '../../config/options.ts';
import type { Arguments, Grammar } from '../arguments.ts';
import type { Opened } from './open.ts';
import type { Output } from '../output.ts';

/** One action of `aifd cache`. */
export interface Action {
  /** One line for the list of actions. */
  readonly summary: string;
  /** What follows its name: `KEY [--raw]`. */
  readonly usage: string;
  /** A line an option, as help shows it. */
  readonly help: readonly (readonly [flag: string, text: string])[];
  readonly grammar: Omit<Grammar, 'command' | 'options'>;
  /** Makes the cache where there is none. */
  readonly isWriting?: true;
  /**
   * Reads the rest of the arguments, before anything is opened.
   * @throws UsageError
   * @returns what does it, given the cache; resolves to the exit code
   */
  prepare(args: Arguments): (opened: Opened, out: Output) => Promise<number>;
}

/** Options of `aifd run` that say where the cache is: every action takes them. */
export const placeOptions = [
  'dataDir',
  'cacheBackend',
  'cacheRootPathOrUrl',
  'cacheMaxSize',
] as const satisfies readonly OptionName[];

/** Options of a filter, for help. */
export const filterHelp = [
  ['--model M', 'Entries of this model; * stands for anything'],
  ['--route R', "Of this route: 'POST /v1/chat/completions', or without its method; * stands for anything"],
  ['--older-than TIME', 'Kept longer ago than that: 90s, 15m, 24h, 7d'],
  ['--id ID', 'Entries whose ID starts with this'],
  ['--expired', 'No longer fresh'],
] as const;
