import type { Flags } from '../../config/load.ts';
import { Refused } from '../../config/kinds.ts';
import { flagOf, type OptionName, optionNames, optionOf } from '../../config/options.ts';
import { UsageError } from '../exit.ts';
import { parseFlags } from '../flags.ts';

/** What one action of `aifd cache` takes beside the options that say where the cache is. */
export interface Grammar {
  /** Names of options with a value, without dashes. */
  readonly values: readonly string[];
  /** Names of those without. */
  readonly switches: readonly string[];
  /** What it is about, as help names it: at most one. */
  readonly operand?: { readonly name: string; readonly isNeeded: boolean };
}

export interface Arguments {
  readonly flags: Flags;
  readonly values: ReadonlyMap<string, string>;
  readonly switches: ReadonlySet<string>;
  readonly operand: string | undefined;
}

/** Options of `aifd run` that say where the cache is. */
export const placeOptions = [
  'dataDir',
  'cacheBackend',
  'cacheRootPathOrUrl',
  'cacheMaxSize',
] as const satisfies readonly OptionName[];

const optionByFlag: ReadonlyMap<string, OptionName> = new Map(
  optionNames.map((name) => [`--${flagOf(optionOf(name))}`, name] as const),
);

/** @throws UsageError one line that says which argument */
export function parseArguments(action: string, args: readonly string[], grammar: Grammar): Arguments {
  const values = new Map<string, string>();
  const operands: string[] = [];
  const others: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [flag, inline] = split(arg);
    const own = grammar.values.find((name) => flag === `--${name}`);
    if (own !== undefined) {
      if (values.has(own)) throw new UsageError(`${flag} is there twice`);
      values.set(own, inline ?? valueOf(flag, rest));
      if (values.get(own)!.trim() === '') throw new UsageError(`${flag} needs a value`);
    } else if (arg.startsWith('-') && arg !== '-') {
      others.push(arg);
      // Its value is no operand.
      if (inline === undefined && takesNext(flag, rest[0])) others.push(rest.shift()!);
    } else operands.push(arg);
  }
  // The names of our own, so that a slip is told what was meant.
  const { flags, switches } = parseFlags(others, [...grammar.switches, ...grammar.values]);
  if (!switches.has('help')) {
    checkPlace(flags);
    checkOperands(action, operands, grammar.operand);
  }
  return { flags, values, switches, operand: operands[0] };
}

function split(arg: string): [flag: string, inline: string | undefined] {
  const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
  return equals === -1 ? [arg, undefined] : [arg.slice(0, equals), arg.slice(equals + 1)];
}

function valueOf(flag: string, rest: string[]): string {
  const next = rest[0];
  if (next === undefined || next.startsWith('-')) throw new UsageError(`${flag} needs a value`);
  return rest.shift()!;
}

function takesNext(flag: string, next: string | undefined): boolean {
  if (next === undefined || next.startsWith('-')) return false;
  if (flag === '--env-file') return true;
  const name = optionByFlag.get(flag);
  if (name === undefined) return false;
  const { kind } = optionOf(name);
  return kind.bare === undefined || !(kind.parse(next) instanceof Refused);
}

const known: ReadonlySet<string> = new Set(placeOptions);

function checkPlace(flags: Flags): void {
  const strange = optionNames.find((name) => flags[name] !== undefined && !known.has(name));
  if (strange === undefined) return;
  throw new UsageError(`--${flagOf(optionOf(strange))} is an option of aifd run, not of aifd cache`);
}

function checkOperands(action: string, operands: readonly string[], operand: Grammar['operand']): void {
  const tooMany = operands[operand === undefined ? 0 : 1];
  if (tooMany !== undefined)
    throw new UsageError(`'${tooMany}' is one argument too many: see aifd cache ${action} --help`);
  if (operand?.isNeeded === true && operands.length === 0)
    throw new UsageError(`aifd cache ${action} needs a ${operand.name}`);
}
