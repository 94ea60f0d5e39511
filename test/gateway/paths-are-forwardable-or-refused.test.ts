import { expect, test } from 'bun:test';
import { forwardablePath } from '../../src/openai/path.ts';

test.each([
  ['http://a/x?y=1', '/x?y=1'],
  ['https://a:1/x', '/x'],
  ['http://a', '/'],
  ['http://a/', '/'],
  ['http://a//evil/x', '//evil/x'],
  ['http://a/x#fragment', '/x'],
  ['http://a/x?y=..%2f', '/x?y=..%2f'],
  ['http://a/a%2Fb', '/a%2Fb'],
  ['http://a/%zz', '/%zz'],
  ['http://a/a%2e%2eb', '/a%2e%2eb'],
  ['http://a/...%2f', '/...%2f'],
  ['/x?y=1', '/x?y=1'],
])('%s gives %s', (url, path) => {
  expect(forwardablePath(url)).toBe(path);
});

test.each([
  'a:443',
  '*',
  '',
  'http://a/..%2fx',
  // A byte that is not UTF-8, as Bun gives it.
  'http://a/v1/%EF%BF%BD',
  'http://a/v1/x?q=%EF%BF%BD',
  'http://a/x/..%5cx',
  'http://a/%2e%2e%2fx',
  'http://a/%2e%2e;x/y',
  'http://a/x%2f..',
  // As Bun gives it when the client sent no Host, or a broken one: nothing is resolved or escaped.
  '/v1/../../x',
  '/v1/..',
  '/v1\\..\\x',
  '/%2e%2e/x',
  '/v1/..?x',
  '/a b',
  '/a\r\nX: 1',
  '/a\u010d\u010aX:1',
  '/a\u010a',
  '/a?b\u0000',
  '/a\u007f',
])('%j is refused', (url) => {
  expect(forwardablePath(url)).toBeUndefined();
});
