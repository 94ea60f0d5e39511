import type { Variables } from './env-file.ts';
import { nearest } from './nearest.ts';
import { type Config, notYet, type OptionName, optionNames, optionOf, type Values } from './options.ts';

/** Problems of options that are good alone and not together. */
export function checkTogether(values: Values, failed: ReadonlySet<OptionName>): string[] {
  return [...checkTls(values, failed), ...checkPort(values, failed), ...checkShared(values, failed)];
}

function checkTls({ tlsCertFile, tlsKeyFile }: Values, failed: ReadonlySet<OptionName>): string[] {
  if (failed.has('tlsCertFile') || failed.has('tlsKeyFile')) return [];
  if ((tlsCertFile === undefined) === (tlsKeyFile === undefined)) return [];
  const [set, missing] =
    tlsKeyFile === undefined ? ['TLS_CERT_FILE', 'TLS_KEY_FILE'] : ['TLS_KEY_FILE', 'TLS_CERT_FILE'];
  return [`${set} is set and ${missing} is not: https needs both`];
}

/** On port 0 every worker would get another port. */
function checkPort({ port, workers }: Values, failed: ReadonlySet<OptionName>): string[] {
  if (port !== 0 || workers === 1 || failed.has('port') || failed.has('workers')) return [];
  return [`PORT is 0 and WORKERS is ${workers}: several workers need one fixed port`];
}

/** What one process counts for itself, several would each give out as much of. */
function checkShared(values: Values, failed: ReadonlySet<OptionName>): string[] {
  const { workers, concurrencyLimit, userConcurrencyLimit, rateLimitBackend } = values;
  if (failed.has('workers') || workers === 1) return [];
  const places = [
    ...(concurrencyLimit > 0 ? ['CONCURRENCY_LIMIT'] : []),
    ...(userConcurrencyLimit > 0 ? ['USER_CONCURRENCY_LIMIT'] : []),
  ].map((name) => `${name} is set and WORKERS is ${workers}: it needs one worker, which counts all`);
  if (rateLimitBackend !== 'memory') return places;
  return [
    ...places,
    `RATE_LIMIT_BACKEND is memory and WORKERS is ${workers}: each worker would count for itself; use lmdb`,
  ];
}

/**
 * Names in `.env` that are an option but for case or dashes. Nobody else reads them, and one that is passed over
 * may be the key that keeps strangers out: so they are problems and not warnings.
 *
 * @param setAside options that `.env` has no say in
 */
export function findMiscased(file: Variables, setAside: readonly OptionName[]): string[] {
  const aside = new Set(setAside.map((name) => optionOf(name).env));
  return Object.keys(file).flatMap((name) => {
    const meant = canonical(name);
    if (name === meant || !isOurs(meant) || aside.has(meant)) return [];
    return [`${name} in .env is not an option: did you mean ${meant}?`];
  });
}

const canonical = (name: string) => name.toUpperCase().replaceAll('-', '_');

const known = optionNames.map((name) => optionOf(name).env);
const ours = new Set<string>([...known, ...notYet]);
const isOurs = (name: string) => ours.has(name);

/**
 * What is allowed and most probably not wanted.
 *
 * @param file the variables of `.env`, where a name that is nearly an option is a slip
 */
export function warn(config: Config, file: Variables): string[] {
  return [...warnOfOpenKeys(config), ...warnOfSlips(Object.keys(file))];
}

function warnOfOpenKeys({ openaiApiKey, extraApiKey, forwardKey, host, port }: Config): string[] {
  const set = [
    ...(openaiApiKey.length > 0 ? ['OPENAI_API_KEY'] : []),
    ...(extraApiKey.some((keys) => keys.length > 0) ? ['EXTRA_API_KEY'] : []),
  ].join(' and ');
  if (set === '' || forwardKey.length > 0) return [];
  const where = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return [
    `${set} is set without FORWARD_KEY: anyone who reaches ${where} spends that key, no key of their own asked. ` +
      'Set FORWARD_KEY.',
  ];
}

function warnOfSlips(names: readonly string[]): string[] {
  return names
    .filter((name) => !isOurs(canonical(name)))
    .flatMap((name) => {
      const meant = name.length > 4 ? nearest(name, known) : undefined;
      return meant === undefined ? [] : [`${name} in .env is not an option: did you mean ${meant}?`];
    });
}
