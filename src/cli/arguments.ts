import { parseArgs } from 'node:util';
import type { Flags } from '../config/load.ts';
import { Refused } from '../config/kinds.ts';
import { mask } from '../config/mask.ts';
import { nearest } from '../config/nearest.ts';
import { flagOf, type OptionName, optionNames, optionOf } from '../config/options.ts';
import { UsageError } from './exit.ts';

/** What a command takes. Names of options are without dashes. Each command has `--help`. */
export interface Grammar {
  /** As the user types it, after `aifd`: `logs tail`. Hints name it. */
  readonly command: string;
  /** Options of the table that are flags here too. */
  readonly options?: readonly OptionName[];
  /** Own options with a value. */
  readonly values?: readonly string[];
  /** Own options without one. */
  readonly switches?: readonly string[];
  /** Other names: `n` for `lines`, `log_folder` for `log-folder`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** The one argument that is no option; without it there is none. */
  readonly operand?: { readonly name: string; readonly isNeeded?: boolean; readonly hint?: string };
}

/** What a user typed. */
export interface Arguments {
  /** Options of the table, still text. */
  readonly flags: Flags;
  readonly values: ReadonlyMap<string, string>;
  readonly switches: ReadonlySet<string>;
  readonly operand: string | undefined;
}

/** An option of the table, under its flag. */
const tableFlags: ReadonlyMap<string, OptionName> = new Map(
  optionNames.map((name) => [flagOf(optionOf(name)), name] as const),
);

/**
 * Reads a command line strictly: an argument that the command does not know is an error. Splitting into tokens is
 * `node:util`'s work; what is known, needed and given twice is decided here, so that each message names the argument.
 *
 * @throws UsageError one line that says which argument, and what was probably meant
 */
export function readArguments(args: readonly string[], grammar: Grammar): Arguments {
  const { options = [], values: ownValues = [], switches: ownSwitches = [], aliases = {} } = grammar;
  const takesValue = (name: string): boolean =>
    name === 'env-file' || ownValues.includes(name) || tableFlags.has(name);
  const isKnown = (name: string): boolean =>
    ownValues.includes(name) ||
    ownSwitches.includes(name) ||
    name === 'help' ||
    (name === 'env-file' && options.length > 0) ||
    options.includes(tableFlags.get(name)!);
  const names = [...new Set([...tableFlags.keys(), ...ownValues, ...ownSwitches, 'env-file', 'help'])];
  const long = [...names, ...Object.keys(aliases).filter((alias) => alias.length > 1)];
  const typeOf = (name: string) => (takesValue(aliases[name] ?? name) ? 'string' : 'boolean');
  const shortOf: Record<string, string> = { help: 'h' };
  for (const [alias, name] of Object.entries(aliases)) if (alias.length === 1) shortOf[name] = alias;
  const { tokens } = parseArgs({
    args: withInlineValues(args),
    options: Object.fromEntries(
      long.map((name) => [name, { type: typeOf(name), ...(shortOf[name] && { short: shortOf[name] }) }]),
    ),
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string>();
  const switches = new Set<string>();
  const operands: string[] = [];
  const flags: Flags = {};
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const { rawName, value } = token;
    const name = aliases[token.name] ?? token.name;
    if (!isKnown(name) || (rawName.startsWith('--') && token.name.length === 1))
      throw unknownOption(rawName, grammar, names.filter(isKnown));
    if (ownSwitches.includes(name) || name === 'help') {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
      switches.add(name);
      continue;
    }
    // What looks like an option is one: its own value was left out.
    const isMissing = value === undefined || (!token.inlineValue && /^-./.test(value));
    if (isMissing || value.trim() === '') throw new UsageError(`${rawName} needs a value`);
    const option =
      name === 'env-file' ? 'envFile' : ownValues.includes(name) ? undefined : tableFlags.get(name)!;
    const before = option === undefined ? values.get(name) : flags[option];
    if (before !== undefined) throw new UsageError(`--${name} given twice`);
    if (option === undefined) values.set(name, value);
    else flags[option] = value;
  }
  if (!switches.has('help')) checkOperands(operands, grammar);
  return { flags, values, switches, operand: operands[0] };
}

/** With the value of options such as `--log-chat` inline: `node:util` knows no value that may be left out. */
function withInlineValues(args: readonly string[]): string[] {
  const inline: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') return [...inline, ...args.slice(i)];
    const name = arg.startsWith('--') ? tableFlags.get(arg.slice(2)) : undefined;
    const kind = name === undefined ? undefined : optionOf(name).kind;
    if (kind?.bare === undefined) {
      inline.push(arg);
      continue;
    }
    const next = args[i + 1];
    const isValue = next !== undefined && !(kind.parse(next) instanceof Refused);
    inline.push(`${arg}=${isValue ? next : kind.bare}`);
    if (isValue) i++;
  }
  return inline;
}

function unknownOption(flag: string, { command }: Grammar, known: readonly string[]): UsageError {
  const name = flag.replace(/^--?/, '');
  if (tableFlags.has(name)) return new UsageError(`${flag} is an option of aifd run, not of aifd ${command}`);
  const meant = nearest(
    flag,
    known.map((each) => `--${each}`),
  );
  const hint = meant === undefined ? `see aifd ${command} --help` : `did you mean ${meant}?`;
  return new UsageError(`unknown option ${flag}: ${hint}`);
}

function checkOperands(operands: readonly string[], { command, operand }: Grammar): void {
  const surplus = operands[operand === undefined ? 0 : 1];
  // A long one may be a key whose option was left out.
  if (surplus !== undefined) {
    const shown = surplus.length < 12 ? surplus : mask(surplus);
    throw new UsageError(`unexpected argument '${shown}': ${operand?.hint ?? `see aifd ${command} --help`}`);
  }
  if (operand?.isNeeded === true && operands.length === 0)
    throw new UsageError(`missing ${operand.name}: see aifd ${command} --help`);
}

/** True for the argument that asks for help. */
export const isHelp = (arg: string | undefined): boolean => arg === '--help' || arg === '-h';

/**
 * The subcommand that comes first, such as `tail` of `aifd logs tail`.
 *
 * @throws UsageError when it is missing or unknown
 */
export function readSubcommand<Name extends string>(
  command: string,
  given: string | undefined,
  names: readonly Name[],
): Name {
  const found = names.find((name) => name === given);
  if (found !== undefined) return found;
  const list = names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} or ${names.at(-1)!}`;
  if (given === undefined || given.startsWith('-'))
    throw new UsageError(`missing subcommand: aifd ${command} ${list}`);
  const meant = nearest(given, names);
  const hint = meant === undefined ? `see aifd ${command} --help` : `did you mean ${meant}?`;
  throw new UsageError(`unknown subcommand '${given}' of aifd ${command}: ${hint}`);
}
