import { nearest } from './nearest.ts';
import { type Config, notYet, type OptionName, optionNames, optionOf, type Values } from './options.ts';

/** Problems of options that are good alone and not together. */
export function checkTogether(values: Values, failed: ReadonlySet<OptionName>): string[] {
  if (failed.has('tlsCertFile') || failed.has('tlsKeyFile')) return [];
  const { tlsCertFile, tlsKeyFile } = values;
  if ((tlsCertFile === undefined) === (tlsKeyFile === undefined)) return [];
  const [set, missing] =
    tlsKeyFile === undefined ? ['TLS_CERT_FILE', 'TLS_KEY_FILE'] : ['TLS_KEY_FILE', 'TLS_CERT_FILE'];
  return [`${set} is set and ${missing} is not: https needs both`];
}

/**
 * What is allowed and most probably not wanted.
 *
 * @param file the variables of `.env`, where a name that is nearly an option is a slip
 */
export function warn(config: Config, file: Readonly<Record<string, string | undefined>>): string[] {
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
  const known = optionNames.map((name) => optionOf(name).env);
  const ours = new Set<string>([...known, ...notYet]);
  return names
    .filter((name) => !ours.has(name))
    .flatMap((name) => {
      const meant = name.length > 4 ? nearest(name, known) : undefined;
      return meant === undefined ? [] : [`${name} in .env is not an option: did you mean ${meant}?`];
    });
}
