import type { Variables } from './env-file.ts';
import { maskUrl } from './mask.ts';
import { nearest } from './nearest.ts';
import { type Config, notYet, type OptionName, optionNames, optionOf, type Values } from './options.ts';

/** Problems of options that are good alone and not together. */
export function checkTogether(values: Values, failed: ReadonlySet<OptionName>): string[] {
  return [
    ...checkTls(values, failed),
    ...checkPort(values, failed),
    ...checkShared(values, failed),
    ...checkCache(values, failed),
    ...checkMetrics(values, failed),
  ];
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

const cacheOptions = ['cacheBackend', 'cacheRootPathOrUrl', 'cacheMode', 'cacheRoutes', 'workers'] as const;

function checkCache(values: Values, failed: ReadonlySet<OptionName>): string[] {
  if (cacheOptions.some((name) => failed.has(name))) return [];
  const { cacheBackend: backend, cacheRootPathOrUrl: root, cacheMode, workers } = values;
  const problems: string[] = [];
  const rootIsUrl = /^rediss?:/i.test(root);
  if (backend === 'redis' && !rootIsUrl)
    problems.push(
      'CACHE_BACKEND is redis and CACHE_ROOT_PATH_OR_URL is no redis://…: one of them must be the URL',
    );
  if (backend !== 'redis' && rootIsUrl)
    problems.push(
      `CACHE_ROOT_PATH_OR_URL is a URL and CACHE_BACKEND is ${maskUrl(backend)}: set CACHE_BACKEND to redis`,
    );
  if (cacheMode !== 'on' && !cachesAnything(values))
    problems.push(
      `CACHE_MODE is ${cacheMode} and no route is cached: set CACHE_CHAT_COMPLETION, CACHE_EMBEDDING or CACHE_ROUTES`,
    );
  if (workers > 1 && cachesAnything(values) && ['leveldb', 'rocksdb'].includes(backend))
    problems.push(
      `CACHE_BACKEND is ${backend} and WORKERS is ${workers}: one process alone can open it; use lmdb`,
    );
  return problems;
}

function checkMetrics(values: Values, failed: ReadonlySet<OptionName>): string[] {
  const { metrics, forwardKey } = values;
  if (metrics === 'off' || failed.has('metrics')) return [];
  const problems: string[] = [];
  if (metrics === 'key' && forwardKey.length === 0 && !failed.has('forwardKey'))
    problems.push('METRICS is key and FORWARD_KEY is not set: nobody could read them');
  for (const name of ['openaiRoutePrefix', 'extraRoutePrefix'] as const)
    if (values[name].some((prefix) => prefix === '/metrics'))
      problems.push(`${optionOf(name).env} has /metrics, which METRICS answers`);
  return problems;
}

/** True when some route is answered from the cache. */
export function cachesAnything(
  values: Pick<Values, 'cacheChatCompletion' | 'cacheEmbedding' | 'cacheRoutes'>,
): boolean {
  return values.cacheChatCompletion || values.cacheEmbedding || values.cacheRoutes.length > 0;
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
  return [...warnOfOpenKeys(config), ...warnOfCache(config), ...warnOfSlips(Object.keys(file))];
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

function warnOfCache(config: Config): string[] {
  const { cacheBackend: backend, cacheScope, cacheMode, forwardKey, workers } = config;
  if (!cachesAnything(config))
    return backend === 'memory'
      ? []
      : ['CACHE_BACKEND is set, but no route is cached: set CACHE_CHAT_COMPLETION.'];
  const warnings: string[] = [];
  if (cacheScope === 'shared' && forwardKey.length === 0)
    warnings.push(
      'CACHE_SCOPE is shared without FORWARD_KEY: nobody checks a key before it is answered from the cache, so ' +
        'anyone who asks the same is given what others were told. Set FORWARD_KEY.',
    );
  if (backend === 'memory' && workers > 1)
    warnings.push(
      `CACHE_BACKEND is memory and WORKERS is ${workers}: each worker keeps its own. Use lmdb to share.`,
    );
  if (backend === 'memory' && cacheMode === 'replay')
    warnings.push(
      'CACHE_MODE is replay and CACHE_BACKEND is memory: nothing is in it until aifd cache import.',
    );
  return warnings;
}

function warnOfSlips(names: readonly string[]): string[] {
  return names
    .filter((name) => !isOurs(canonical(name)))
    .flatMap((name) => {
      const meant = name.length > 4 ? nearest(name, known) : undefined;
      return meant === undefined ? [] : [`${name} in .env is not an option: did you mean ${meant}?`];
    });
}
