import type { Arguments, Grammar } from './arguments.ts';
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
  readonly grammar: Grammar;
  /** Makes the cache where there is none. */
  readonly isWriting?: true;
  /**
   * Reads the rest of the arguments, before anything is opened.
   * @throws UsageError
   * @returns what does it, given the cache; resolves to the exit code
   */
  prepare(args: Arguments): (opened: Opened, out: Output) => Promise<number>;
}

/** Options of a filter, for help. */
export const filterHelp = [
  ['--model M', 'Entries of this model; * stands for anything'],
  ['--route R', "Of this route: 'POST /v1/chat/completions', or without its method; * stands for anything"],
  ['--older-than TIME', 'Kept longer ago than that: 90s, 15m, 24h, 7d'],
  ['--key KEY', 'Whose key begins so'],
  ['--expired', 'No longer fresh'],
] as const;
