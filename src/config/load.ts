import { resolve } from 'node:path';
import { checkTogether, findMiscased, warn } from './checks.ts';
import { readEnvFile, type Variables } from './env-file.ts';
import { ConfigError } from './error.ts';
import { Refused } from './kinds.ts';
import { type Config, notYet, type OptionName, optionNames, optionOf, type Values } from './options.ts';
import { buildTargets } from './targets.ts';

/** Where a value came from. */
export type Source = 'flag' | 'environment' | '.env' | 'default';

/** Flags as given, still text. `envFile` is read instead of `.env`. */
export type Flags = Partial<Record<OptionName | 'envFile', string>>;

export interface Input {
  readonly flags: Flags;
  /** The environment that the process was started with: see `trueEnvironment`, not `process.env`. */
  readonly env: Variables;
  /** The folder whose `.env` is read. */
  readonly cwd: string;
  /** Options that only a flag may set, whatever the environment and `.env` say. */
  readonly setAside?: readonly OptionName[];
}

export interface Loaded {
  readonly config: Config;
  readonly sources: Readonly<Record<OptionName, Source>>;
  /** What is allowed and most probably not wanted, one line each. */
  readonly warnings: readonly string[];
}

/**
 * Reads the configuration: flags before environment before `.env` before defaults.
 *
 * @throws ConfigError with every problem there is, not only the first
 */
export function load({ flags, env, cwd, setAside = [] }: Input): Loaded {
  const problems: string[] = [];
  const file = openEnvFile(flags.envFile, cwd, problems);
  const sources = {} as Record<OptionName, Source>;
  const values: Partial<Record<OptionName, unknown>> = {};
  const failed = new Set<OptionName>();
  for (const name of optionNames) {
    const { text, source } = setAside.includes(name)
      ? find(name, flags, {}, {})
      : find(name, flags, env, file);
    sources[name] = source;
    const value = parse(name, text, source);
    if (value instanceof Refused) {
      failed.add(name);
      // Something of the right type, for the checks of what depends on it.
      values[name] = optionOf(name).kind.empty;
      problems.push(value.reason);
    } else values[name] = value;
  }
  const read = values as Values;
  const { targets, problems: wrongTargets } = buildTargets(read, failed);
  problems.push(...wrongTargets, ...checkTogether(read, failed), ...findMiscased(file, setAside));
  problems.push(...findNotYet(env, file));
  if (problems.length > 0) throw new ConfigError(problems);
  const config: Config = deepFreeze({ ...read, targets });
  return { config, sources, warnings: warn(config, file) };
}

function openEnvFile(named: string | undefined, cwd: string, problems: string[]): Variables {
  const path = resolve(cwd, named ?? '.env');
  const found = readEnvFile(path);
  const where = named === undefined ? path : `--env-file: ${path}`;
  problems.push(...(found?.problems ?? []).map((problem) => `${where} ${problem}`));
  if (!found && named !== undefined) problems.push(`--env-file: there is no file ${path}`);
  return found?.variables ?? {};
}

function find(
  name: OptionName,
  flags: Flags,
  env: Variables,
  file: Variables,
): { text: string; source: Source } {
  const option = optionOf(name);
  const candidates = [
    { source: 'flag', text: flags[name] },
    { source: 'environment', text: env[option.env] },
    { source: 'environment', text: option.alias && env[option.alias] },
    { source: '.env', text: file[option.env] },
    { source: '.env', text: option.alias && file[option.alias] },
  ] as const;
  // `PORT=` in an environment is how compose files and shells write "not set".
  const given = candidates.find(({ text }) => text !== undefined && text.trim() !== '');
  return given
    ? { text: given.text!.trim(), source: given.source }
    : { text: option.default, source: 'default' };
}

function parse(name: OptionName, text: string, source: Source): unknown {
  const { env, kind, secret } = optionOf(name);
  if (text === '') return kind.empty;
  const value = kind.parse(text);
  if (!(value instanceof Refused)) return value;
  const came = kind.conceal ? kind.conceal(text) : secret ? '***' : text;
  const why = value.reason === '' ? '' : `: ${value.reason}`;
  return new Refused(`${env} (from ${source}) is '${came}'${why}; accepted: ${kind.accepts}`);
}

const off = new Set(['', 'false', 'off', 'no', '0', 'none', 'null', '{}', '[]', 'memory']);

function findNotYet(env: Variables, file: Variables): string[] {
  return notYet
    .filter((name) => {
      const text = env[name]?.trim() || file[name]?.trim() || '';
      return !off.has(text.replace(/\s+/g, '').toLowerCase());
    })
    .map((name) => `${name} is set, but this version does not have it: unset it`);
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
