import { expect, test } from 'bun:test';
import { given } from './given.ts';

test('with nothing set, everything is at its default', () => {
  const { config, sources, warnings } = given({});
  expect(config).toEqual({
    port: 8000,
    host: '0.0.0.0',
    workers: 1,
    tlsCertFile: undefined,
    tlsKeyFile: undefined,
    shutdownTimeout: 30,
    maxBodySize: 0,
    corsOrigins: [],
    openaiBaseUrl: ['https://api.openai.com'],
    openaiRoutePrefix: ['/'],
    extraBaseUrl: [],
    extraRoutePrefix: [],
    proxy: undefined,
    openaiApiKey: [],
    extraApiKey: [],
    forwardKey: [],
    allowClientKeys: false,
    ipWhitelist: [],
    ipBlacklist: [],
    trustedProxies: [],
    timeout: 10,
    firstByteTimeout: 600,
    idleTimeout: 600,
    totalTimeout: 0,
    maxRetries: 3,
    maxRetryAfter: 10,
    retryStatuses: [502, 503, 504],
    reqRateLimit: [],
    globalRateLimit: { text: '', limits: [] },
    rateLimitStrategy: 'fixed-window',
    tokensLimit: [],
    tokenRateLimit: [],
    concurrencyLimit: 0,
    userConcurrencyLimit: 0,
    queueSize: 100,
    queueTimeout: 30,
    dataDir: 'data',
    rateLimitBackend: 'lmdb',
    rateLimitOnError: 'local',
    targets: [
      {
        name: 'api.openai.com',
        kind: 'openai',
        prefix: '/',
        baseUrl: 'https://api.openai.com',
        protocol: 'https:',
        hostname: 'api.openai.com',
        port: 443,
        basePath: '',
        keys: [],
      },
    ],
  });
  expect(new Set(Object.values(sources))).toEqual(new Set(['default']));
  expect(warnings).toEqual([]);
});
