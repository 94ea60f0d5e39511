import type { Flags } from '../../config/load.ts';
import { nearest } from '../../config/nearest.ts';
import { UsageError } from '../exit.ts';

export interface ConvertArguments {
  /** Where the logs are. */
  readonly flags: Pick<Flags, 'logDir' | 'envFile'>;
  readonly output: string | undefined;
  readonly full: boolean;
}

/** The original's names, too. */
const values: Readonly<Record<string, 'logDir' | 'envFile' | 'output'>> = {
  '--log-folder': 'logDir',
  '--log_folder': 'logDir',
  '--log-dir': 'logDir',
  '--env-file': 'envFile',
  '--output': 'output',
  '--target_path': 'output',
};

/** @throws UsageError one line that says which argument */
export function readArguments(args: readonly string[]): ConvertArguments {
  const given: { logDir?: string; envFile?: string; output?: string } = {};
  let full = false;
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const equals = arg.startsWith('--') ? arg.indexOf('=') : -1;
    const flag = equals < 0 ? arg : arg.slice(0, equals);
    if (arg === '--full') {
      full = true;
      continue;
    }
    const name = Object.hasOwn(values, flag) ? values[flag] : undefined;
    if (name === undefined) throw unknown(flag);
    if (given[name] !== undefined) throw new UsageError(`${flag} is there twice`);
    given[name] = equals < 0 ? valueOf(flag, rest) : arg.slice(equals + 1);
    if (given[name].trim() === '') throw new UsageError(`${flag} needs a value`);
  }
  const { output, ...flags } = given;
  return { flags, output, full };
}

function valueOf(flag: string, rest: string[]): string {
  const next = rest[0];
  if (next === undefined || (next.startsWith('-') && next !== '-'))
    throw new UsageError(`${flag} needs a value`);
  return rest.shift()!;
}

function unknown(flag: string): UsageError {
  if (!flag.startsWith('-'))
    return new UsageError(`'${flag}' has no option before it: see aifd convert --help`);
  if (flag === '--full') return new UsageError('--full takes no value');
  const meant = nearest(flag, ['--log-folder', '--env-file', '--output', '--full', '--help']);
  const hint = meant === undefined ? 'see aifd convert --help' : `did you mean ${meant}?`;
  return new UsageError(`there is no option ${flag}: ${hint}`);
}
