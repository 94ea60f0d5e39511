import { expect, test } from 'bun:test';
import { given, problemsOf } from './given.ts';

const good: [string, string, string, unknown][] = [
  ['PORT', '0', 'port', 0],
  ['PORT', ' 65535 ', 'port', 65535],
  ['TIMEOUT', '0.5', 'timeout', 0.5],
  ['TIMEOUT', '500ms', 'timeout', 0.5],
  ['TIMEOUT', '2m', 'timeout', 120],
  ['MAX_BODY_SIZE', '25mb', 'maxBodySize', 25 * 1024 * 1024],
  ['MAX_BODY_SIZE', '1gb', 'maxBodySize', 1024 ** 3],
  ['MAX_BODY_SIZE', '10', 'maxBodySize', 10],
  ['RETRY_STATUSES', '429, 500', 'retryStatuses', [429, 500]],
  ['RETRY_STATUSES', 'none', 'retryStatuses', []],
  ['PROXY', 'http://u:p@proxy:3128/', 'proxy', 'http://u:p@proxy:3128'],
  ['IP_WHITELIST', '10.0.0.0/8, ::1,2001:db8::/32', 'ipWhitelist', ['10.0.0.0/8', '::1', '2001:db8::/32']],
  ['CORS_ORIGINS', '*', 'corsOrigins', ['*']],
  ['CORS_ORIGINS', 'https://a.test/,http://b:81', 'corsOrigins', ['https://a.test', 'http://b:81']],
  ['FORWARD_KEY', 'fk-1,fk-2', 'forwardKey', ['fk-1', 'fk-2']],
];

test.each(good)('%s=%s is read', (env, text, name, value) => {
  expect(given({ [env]: text }).config).toHaveProperty([name], value as object);
});

test.each(['true', '1', 'yes', 'on', 'TRUE'])('%s is true', (text) => {
  expect(given({ ALLOW_CLIENT_KEYS: text }).config.allowClientKeys).toBe(true);
});

test.each(['false', '0', 'no', 'off'])('%s is false', (text) => {
  expect(given({ ALLOW_CLIENT_KEYS: text }).config.allowClientKeys).toBe(false);
});

const bad: [string, string][] = [
  ['PORT', '65536'],
  ['PORT', '-1'],
  ['PORT', '80x'],
  ['PORT', '1e3'],
  ['WORKERS', '0'],
  ['TIMEOUT', '-1'],
  ['TIMEOUT', 'NaN'],
  ['TIMEOUT', '9999999'],
  ['MAX_BODY_SIZE', '5tb'],
  ['ALLOW_CLIENT_KEYS', 'maybe'],
  ['RETRY_STATUSES', '200'],
  ['RETRY_STATUSES', '502,'],
  ['HOST', 'a b'],
  ['IP_WHITELIST', '10.0.0.0/33'],
  ['IP_WHITELIST', '::/129'],
  ['IP_BLACKLIST', '10.0.0'],
  ['IP_BLACKLIST', '10.0.0.0/'],
  ['TRUSTED_PROXIES', 'localhost'],
  ['TLS_CERT_FILE', '/no/such/file'],
  ['CORS_ORIGINS', 'https://a.test/path'],
  ['CORS_ORIGINS', '*,https://a.test'],
  ['CORS_ORIGINS', 'null'],
  ['PROXY', 'socks5://h:1080'],
  ['PROXY', 'http://h:1/path'],
  ['OPENAI_BASE_URL', 'ftp://h'],
  ['OPENAI_BASE_URL', 'http:h'],
  ['OPENAI_BASE_URL', 'https://h?x=1'],
  ['OPENAI_BASE_URL', 'https://h/#x'],
  ['OPENAI_BASE_URL', 'https://h\\@evil'],
  ['OPENAI_ROUTE_PREFIX', '/a%2fb'],
  ['OPENAI_ROUTE_PREFIX', '/a/../b'],
  ['OPENAI_ROUTE_PREFIX', '/a\\b'],
  ['OPENAI_ROUTE_PREFIX', '/a//b'],
  ['OPENAI_ROUTE_PREFIX', '/a?b'],
  ['OPENAI_ROUTE_PREFIX', '/healthz'],
  ['OPENAI_ROUTE_PREFIX', 'readyz/'],
  ['FORWARD_KEY', 'fk-1,,fk-2'],
  ['FORWARD_KEY', ','],
  ['FORWARD_KEY', 'schlüssel'],
  ['OPENAI_API_KEY', 'sk-1 2'],
  ['OPENAI_API_KEY', 'sk-1\u0007'],
];

test.each(bad)('%s=%s is refused, with what is accepted', (env, text) => {
  const problem = problemsOf({ [env]: text }).find((line) => line.startsWith(env));
  expect(problem).toContain('accepted: ');
});

test('an empty variable is an unset one', () => {
  const { config, sources } = given({ PORT: '', OPENAI_BASE_URL: ' ', FORWARD_KEY: '' });
  expect(config.port).toBe(8000);
  expect(config.openaiBaseUrl).toEqual(['https://api.openai.com']);
  expect(config.forwardKey).toEqual([]);
  expect(sources.port).toBe('default');
});

test('all problems are told at once', () => {
  const problems = problemsOf({ PORT: 'x', WORKERS: 'y', EXTRA_BASE_URL: 'http://h', LEVEL_MODELS: 'true' });
  expect(problems.map((line) => line.split(' ')[0])).toEqual([
    'PORT',
    'WORKERS',
    'EXTRA_BASE_URL',
    'LEVEL_MODELS',
  ]);
});

test('the configuration is frozen to the bottom', () => {
  const { config } = given({ OPENAI_API_KEY: 'sk-1' });
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.targets[0])).toBe(true);
  expect(Object.isFrozen(config.targets[0]!.keys)).toBe(true);
});
