import type { Flags } from '../../config/load.ts';
import { flagOf, optionNames, optionOf } from '../../config/options.ts';
import { UsageError } from '../exit.ts';
import { parseFlags } from '../flags.ts';

/** What a command takes beside `--data-dir` and `--env-file`. */
export interface OwnArguments {
  /** Names of options with a value, without dashes. */
  readonly values: readonly string[];
  /** Names of those without. */
  readonly switches: readonly string[];
}

export interface Arguments {
  readonly flags: Flags;
  readonly values: ReadonlyMap<string, string>;
  readonly switches: ReadonlySet<string>;
}

/**
 * Reads the arguments of a command that only has to know where DATA_DIR is.
 *
 * @throws UsageError one line that says which argument
 */
export function readArguments(command: string, args: readonly string[], own: OwnArguments): Arguments {
  const values = new Map<string, string>();
  const others: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
    const flag = equals === -1 ? arg : arg.slice(0, equals);
    const next = rest[0] === undefined || rest[0].startsWith('-') ? undefined : rest[0];
    const name = own.values.find((each) => flag === `--${each}`);
    if (name === undefined) {
      others.push(arg);
      // Its value is none of ours.
      if (equals === -1 && next !== undefined && /^--(?:data-dir|env-file)$/.test(flag))
        others.push(rest.shift()!);
      continue;
    }
    if (values.has(name)) throw new UsageError(`${flag} is there twice`);
    const value = equals === -1 ? next : arg.slice(equals + 1);
    if (equals === -1 && next !== undefined) rest.shift();
    if (value === undefined || value.trim() === '') throw new UsageError(`${flag} needs a value`);
    values.set(name, value);
  }
  const { flags, switches } = parseFlags(others, [...own.switches, ...own.values]);
  const strange = optionNames.find((each) => flags[each] !== undefined && each !== 'dataDir');
  if (strange !== undefined)
    throw new UsageError(`--${flagOf(optionOf(strange))} is an option of aifd run, not of aifd ${command}`);
  return { flags, values, switches };
}

/** Help of what {@link readArguments} reads for every command. */
export const placeHelp = `  --data-dir FOLDER  The DATA_DIR of aifd run [DATA_DIR=data]
  --env-file FILE    Read this file and not .env
  --help             Show this text`;
