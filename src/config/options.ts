import { define, type Option } from './define.ts';
import { boolean, byteSize, filePath, host, integer, proxyUrl, seconds } from './kinds.ts';
import { cacheBackend, cacheRoot, duration, sizeFrom } from './cache-kinds.ts';
import { folder, limit, oneOf, routeLimits, routePaces, windowBackend } from './limit-kinds.ts';
import {
  addressList,
  keyList,
  nestedKeyList,
  originList,
  prefixList,
  routeList,
  statusList,
  urlList,
} from './lists.ts';
import { recordOptions } from './record-options.ts';
import { strategies } from './strategies.ts';
import type { Target } from './targets.ts';

const server = 'Server';
const targets = 'Targets';
const access = 'Keys and access';
const timeouts = 'Timeouts';
const retries = 'Retries';
const limits = 'Limits';
const cache = 'Cache';
const state = 'State';

/** Every option there is, in the order that help and docs show them. */
export const options = {
  port: define(server, 'PORT', integer(0, 65_535), '8000', 'Port to listen on (0: any free one)'),
  host: define(server, 'HOST', host, '0.0.0.0', 'Address to listen on'),
  workers: define(server, 'WORKERS', integer(1, 256), '1', 'Processes that share the port'),
  tlsCertFile: define(server, 'TLS_CERT_FILE', filePath, '', 'Certificate chain (PEM), to serve https'),
  tlsKeyFile: define(server, 'TLS_KEY_FILE', filePath, '', 'Private key (PEM) of that certificate'),
  shutdownTimeout: define(
    server,
    'SHUTDOWN_TIMEOUT',
    seconds,
    '30',
    'Seconds that open requests have to end after SIGTERM or SIGINT',
  ),
  maxBodySize: define(server, 'MAX_BODY_SIZE', byteSize, '0', 'Largest request body, else 413 (0: no limit)'),
  corsOrigins: define(
    server,
    'CORS_ORIGINS',
    originList,
    '',
    'Origins whose preflights are answered here (unset: they go upstream)',
  ),

  openaiBaseUrl: define(
    targets,
    'OPENAI_BASE_URL',
    urlList,
    'https://api.openai.com',
    'Base URLs of OpenAI-style services',
  ),
  openaiRoutePrefix: define(
    targets,
    'OPENAI_ROUTE_PREFIX',
    prefixList,
    '/',
    'Route prefix of each OPENAI_BASE_URL, by position',
  ),
  extraBaseUrl: define(targets, 'EXTRA_BASE_URL', urlList, '', 'Base URLs of further services'),
  extraRoutePrefix: define(
    targets,
    'EXTRA_ROUTE_PREFIX',
    prefixList,
    '',
    'Route prefix of each EXTRA_BASE_URL, by position',
  ),
  proxy: define(targets, 'PROXY', proxyUrl, '', 'http(s) proxy for upstream traffic', 'secret'),

  openaiApiKey: define(
    access,
    'OPENAI_API_KEY',
    keyList,
    '',
    'Real keys for the OPENAI targets, used in turn',
    'secret',
  ),
  extraApiKey: define(
    access,
    'EXTRA_API_KEY',
    nestedKeyList,
    '',
    'Real keys for each EXTRA target, by position, | between several of one',
    'secret',
  ),
  forwardKey: define(access, 'FORWARD_KEY', keyList, '', 'Keys that clients must send', 'secret'),
  allowClientKeys: define(
    access,
    'ALLOW_CLIENT_KEYS',
    boolean,
    'false',
    "Pass a key that is not in FORWARD_KEY upstream as the client's own",
  ),
  ipWhitelist: define(access, 'IP_WHITELIST', addressList, '', 'Only these clients may call, others get 403'),
  ipBlacklist: define(access, 'IP_BLACKLIST', addressList, '', 'These clients get 403'),
  trustedProxies: define(
    access,
    'TRUSTED_PROXIES',
    addressList,
    '',
    'Proxies in front whose X-Forwarded-For is believed',
  ),

  ipv6Prefix: define(
    access,
    'IPV6_PREFIX',
    integer(1, 128),
    '64',
    'Bits of an IPv6 address that make one user, where a request has no key',
  ),

  timeout: define(timeouts, 'TIMEOUT', seconds, '10', 'Seconds to connect to an upstream (0: no limit)'),
  firstByteTimeout: define(
    timeouts,
    'FIRST_BYTE_TIMEOUT',
    seconds,
    '600',
    'Seconds until the first byte of an answer (0: no limit)',
  ),
  idleTimeout: define(
    timeouts,
    'IDLE_TIMEOUT',
    seconds,
    '600',
    'Seconds of silence between two bytes of an answer (0: no limit)',
  ),
  totalTimeout: define(timeouts, 'TOTAL_TIMEOUT', seconds, '0', 'Seconds for a whole request (0: no limit)'),

  maxRetries: define(retries, 'MAX_RETRIES', integer(0, 20), '3', 'Further tries after a failed one'),
  maxRetryAfter: define(
    retries,
    'MAX_RETRY_AFTER',
    seconds,
    '10',
    'Longest Retry-After, in seconds, that is waited for',
  ),
  retryStatuses: define(
    retries,
    'RETRY_STATUSES',
    statusList,
    '503',
    'Upstream statuses that are tried again; 502 and 504 are, but for POST and PATCH, whenever any is named',
  ),

  reqRateLimit: define(
    limits,
    'REQ_RATE_LIMIT',
    routeLimits,
    '',
    'Requests of each user, by route: {"/v1/chat/completions": "60/minute;600/hour"}',
  ),
  globalRateLimit: define(
    limits,
    'GLOBAL_RATE_LIMIT',
    limit,
    '',
    'Requests of each user, one pool for all routes not in REQ_RATE_LIMIT',
  ),
  rateLimitStrategy: define(
    limits,
    'RATE_LIMIT_STRATEGY',
    oneOf(strategies),
    'fixed-window',
    'How windows count',
  ),
  tokensLimit: define(
    limits,
    'TOKENS_LIMIT',
    routeLimits,
    '',
    'Tokens of each user, by route: {"/v1": "90000/minute"}',
  ),
  tokenRateLimit: define(
    limits,
    'TOKEN_RATE_LIMIT',
    routePaces,
    '',
    'Pace of each stream, in SSE events, by route: {"/v1": "60/second"}',
  ),
  concurrencyLimit: define(
    limits,
    'CONCURRENCY_LIMIT',
    integer(0, 1_000_000),
    '0',
    'Requests at once to each target (0: no limit)',
  ),
  userConcurrencyLimit: define(
    limits,
    'USER_CONCURRENCY_LIMIT',
    integer(0, 1_000_000),
    '0',
    'Requests at once of each user (0: no limit)',
  ),
  queueSize: define(
    limits,
    'QUEUE_SIZE',
    integer(0, 1_000_000),
    '100',
    'Requests that may wait for a place at each target (0: none)',
  ),
  queueTimeout: define(limits, 'QUEUE_TIMEOUT', seconds, '30', 'Seconds that they may wait (0: no limit)'),

  cacheChatCompletion: define(
    cache,
    'CACHE_CHAT_COMPLETION',
    boolean,
    'false',
    'Answer chat completions from the cache, on every target',
  ),
  cacheEmbedding: define(
    cache,
    'CACHE_EMBEDDING',
    boolean,
    'false',
    'Answer embeddings from the cache, on every target',
  ),
  cacheRoutes: define(
    cache,
    'CACHE_ROUTES',
    routeList,
    '',
    'Further routes to answer from it: ["/v1/responses", "/localai/v1/models", "/v1/audio/*"]',
  ),
  cacheBackend: define(cache, 'CACHE_BACKEND', cacheBackend, 'memory', 'Where answers are kept'),
  cacheRootPathOrUrl: define(
    cache,
    'CACHE_ROOT_PATH_OR_URL',
    cacheRoot,
    '',
    'Folder of a backend on disk (unset: cache under DATA_DIR), or the URL of redis',
  ),
  defaultRequestCachingValue: define(
    cache,
    'DEFAULT_REQUEST_CACHING_VALUE',
    boolean,
    'true',
    'Whether a request that does not say "caching": true or false in its body uses the cache',
  ),
  cacheScope: define(
    cache,
    'CACHE_SCOPE',
    oneOf(['key', 'shared']),
    'key',
    "Who is answered from an entry: only the key whose request it was, or everybody's",
  ),
  cacheTtl: define(cache, 'CACHE_TTL', duration, '24h', 'How long an answer is fresh (0: for ever)'),
  cacheMaxSize: define(
    cache,
    'CACHE_MAX_SIZE',
    sizeFrom(2 ** 20),
    '1gb',
    'What all answers may take; those not used for longest go first',
  ),
  cacheMaxEntrySize: define(
    cache,
    'CACHE_MAX_ENTRY_SIZE',
    sizeFrom(1),
    '8mb',
    'Largest answer that is kept, its request included',
  ),
  cacheStaleIfError: define(
    cache,
    'CACHE_STALE_IF_ERROR',
    duration,
    '0',
    'How long after its end an answer still stands in for a failing upstream',
  ),
  cacheIgnoreUpstream: define(
    cache,
    'CACHE_IGNORE_UPSTREAM',
    boolean,
    'false',
    'Store responses although the upstream says no-store, private, Vary: * or sets a cookie',
  ),
  cacheMode: define(
    cache,
    'CACHE_MODE',
    oneOf(['on', 'record', 'replay']),
    'on',
    'record: always ask and keep, replay: never ask, a miss is an error',
  ),

  ...recordOptions,

  dataDir: define(state, 'DATA_DIR', folder, 'data', 'Folder for what outlives a restart'),
  rateLimitBackend: {
    ...define(state, 'RATE_LIMIT_BACKEND', windowBackend, 'lmdb', 'Where the windows of limits live'),
    alias: 'REQ_RATE_LIMIT_BACKEND',
  },
  rateLimitOnError: define(
    state,
    'RATE_LIMIT_ON_ERROR',
    oneOf(['local', 'open', 'closed']),
    'local',
    "While the backend is gone: decide from this process's memory, let all pass, or refuse all",
  ),
} as const;

export { type Group, groups, type Option } from './define.ts';

export type OptionName = keyof typeof options;

/** What each option's text becomes. */
export type Values = {
  readonly [Name in OptionName]: (typeof options)[Name] extends Option<infer T> ? T : never;
};

/** The configuration in force: deep-frozen, and everything in it checked. Times are in seconds, sizes in bytes. */
export interface Config extends Values {
  /** Longest prefix first, `/` last. */
  readonly targets: readonly Target[];
}

export const optionNames = Object.keys(options) as OptionName[];

/** The table without the types of the single values, for code that walks it. */
export const optionOf = (name: OptionName): Option => options[name] as Option;

/** `OPENAI_BASE_URL` → `openai-base-url`, without the dashes before it. */
export const flagOf = (option: Option): string => option.env.toLowerCase().replaceAll('_', '-');

/**
 * Names that openai-forward or a later version knows and this one does not. Set to something that would turn
 * the feature on they are an error: a limit that somebody counts on must not be missing silently.
 */
export const notYet = ['LEVEL_MODELS', 'BENCHMARK_MODE'] as const;
