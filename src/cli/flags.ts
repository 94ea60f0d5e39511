import type { Flags } from '../config/load.ts';
import { Refused } from '../config/kinds.ts';
import { mask } from '../config/mask.ts';
import { nearest } from '../config/nearest.ts';
import { flagOf, optionNames, optionOf } from '../config/options.ts';
import { UsageError } from './exit.ts';

/** A command's own switches, without a value: `--demo`, `--json`. */
export interface ParsedFlags<Switch extends string> {
  readonly flags: Flags;
  readonly switches: ReadonlySet<Switch | 'help'>;
}

/** `--help` and `-h` belong to every command; `--env-file` is no option of the table, for it is where they are. */
const nameOf = new Map<string, keyof Flags>([
  ['--env-file', 'envFile'],
  ...optionNames.map((name) => [`--${flagOf(optionOf(name))}`, name] as const),
]);

/**
 * Reads a command line strictly: what is not understood is an error and never passed over.
 *
 * @param switches names of the command's own switches, without dashes
 * @throws UsageError one line that says which argument, and what was probably meant
 */
export function parseFlags<Switch extends string>(
  args: readonly string[],
  switches: readonly Switch[],
): ParsedFlags<Switch> {
  const flags: Flags = {};
  const on = new Set<Switch | 'help'>();
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [flag, inline] = splitFlag(arg);
    const own = findSwitch(flag, switches);
    if (own !== undefined) {
      if (inline !== undefined) throw new UsageError(`${flag} takes no value`);
      on.add(own);
      continue;
    }
    const name = nameOf.get(flag);
    if (name === undefined) throw unknownFlag(flag, switches);
    if (flags[name] !== undefined) throw new UsageError(`${flag} is there twice`);
    flags[name] = inline ?? takeValue(flag, name, rest);
    if (flags[name].trim() === '') throw new UsageError(`${flag} needs a value`);
  }
  return { flags, switches: on };
}

function splitFlag(arg: string): [flag: string, inline: string | undefined] {
  // A long one may be a key that lost its flag.
  if (!arg.startsWith('-')) {
    throw new UsageError(`'${arg.length < 12 ? arg : mask(arg)}' has no option before it: see --help`);
  }
  const equals = arg.indexOf('=');
  return equals === -1 ? [arg, undefined] : [arg.slice(0, equals), arg.slice(equals + 1)];
}

function findSwitch<Switch extends string>(
  flag: string,
  switches: readonly Switch[],
): Switch | 'help' | undefined {
  if (flag === '--help' || flag === '-h') return 'help';
  return switches.find((name) => flag === `--${name}`);
}

function takeValue(flag: string, name: keyof Flags, rest: string[]): string {
  const next = rest[0];
  const kind = name === 'envFile' ? undefined : optionOf(name).kind;
  if (kind?.bare !== undefined) {
    const isValue = next !== undefined && !(kind.parse(next) instanceof Refused);
    return isValue ? rest.shift()! : kind.bare;
  }
  if (next === undefined || next.startsWith('-')) throw new UsageError(`${flag} needs a value`);
  return rest.shift()!;
}

function unknownFlag(flag: string, switches: readonly string[]): UsageError {
  const known = [...nameOf.keys(), ...switches.map((name) => `--${name}`), '--help'];
  const meant = nearest(flag, known);
  return new UsageError(
    `there is no option ${flag}: ${meant === undefined ? 'see --help' : `did you mean ${meant}?`}`,
  );
}
