import { expect, test } from 'bun:test';
import { load } from '../../src/config/load.ts';
import { Upstreams } from '../../src/gateway/route/upstream.ts';

/** The path upstream of `path`, with one target of that base and prefix. */
function pathFor(base: string, prefix: string, path: string): string | undefined {
  const env = { OPENAI_BASE_URL: base, OPENAI_ROUTE_PREFIX: prefix };
  const { config } = load({ flags: {}, env, cwd: '/proc/self' });
  return new Upstreams(config).find(path)?.pathFor(path);
}

test.each([
  ['http://u', '/', '/', '/'],
  ['http://u', '/', '/?a', '/?a'],
  ['http://u', '/', '/v1/x', '/v1/x'],
  ['http://u', '/', '//x', '//x'],
  ['http://u/v1', '/', '/v1/x', '/v1/x'],
  ['http://u/v1/', '/', '/v1/x', '/v1/x'],
  ['http://u/v1', '/', '/x', '/v1/x'],
  ['http://u/v1', '/', '/v1', '/v1'],
  ['http://u/v1', '/', '/v1/', '/v1/'],
  ['http://u/v1', '/', '/v1?a', '/v1?a'],
  ['http://u/v1', '/', '/v1/v1/x', '/v1/v1/x'],
  ['http://u/v1', '/', '/v10/x', '/v1/v10/x'],
  ['http://u/api/v1', '/a', '/a/v1/x?y', '/api/v1/x?y'],
  ['http://u/api', '/a', '/a/v1/x', '/api/v1/x'],
  ['http://u/api', '/a', '/a', '/api'],
  ['http://u/api', '/a', '/a?x', '/api?x'],
  ['http://u', '/a', '/a', '/'],
  ['http://u', '/a', '/a?x', '/?x'],
  ['http://u', '/a/', '/a/x', '/x'],
  ['http://u', '/a', '/a//evil', '//evil'],
  ['http://u/v1', '/v1', '/v1/x', '/v1/x'],
  ['http://u', '/v1', '/v1/x', '/x'],
])('base %s, prefix %s: %s goes to %s', (base, prefix, path, upstream) => {
  expect(pathFor(base, prefix, path)).toBe(upstream);
});

test.each(['/ax', '/a.evil/x', '/a:9102/x', '/a@evil', '/A/x', '//a/x', '/b', '/'])(
  '%s is not under /a',
  (path) => {
    expect(pathFor('http://u', '/a', path)).toBeUndefined();
  },
);
