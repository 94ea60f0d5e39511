import { expect, test } from 'bun:test';
import { cleanFields } from '../../src/gateway/response-fields.ts';
import type { Target } from '../../src/config/targets.ts';
import { startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const target = (prefix: string, basePath: string, host = 'up.test', port = 8080): Target => ({
  name: `${host}:${port}`,
  kind: 'extra',
  prefix,
  baseUrl: `http://${host}:${port}${basePath}`,
  protocol: 'http:',
  hostname: host,
  port,
  basePath,
  keys: [],
});

test.each([
  // prefix, base path, as the upstream says it, as the client gets it
  ['/', '', '/v1/x', '/v1/x'],
  ['/', '', 'http://up.test:8080/v1/x?a=%20b#c', '/v1/x?a=%20b#c'],
  ['/', '', 'HTTP://UP.TEST:8080/v1/X', '/v1/X'],
  ['/', '', '//up.test:8080/v1/x', '/v1/x'],
  ['/', '', 'http://up.test:8080', '/'],
  ['/', '', 'http://up.test:8080?a=1', '/?a=1'],
  ['/', '', 'https://up.test:8080/v1/x', 'https://up.test:8080/v1/x'],
  ['/', '', 'http://up.test:8081/v1/x', 'http://up.test:8081/v1/x'],
  ['/', '', 'http://up.test.evil.example:8080/v1/x', 'http://up.test.evil.example:8080/v1/x'],
  ['/', '', 'http://up.test:8080@evil.example/v1/x', 'http://up.test:8080@evil.example/v1/x'],
  ['/', '', 'x/y', 'x/y'],
  ['/', '', '', ''],
  ['/local', '', '/v1/x', '/local/v1/x'],
  ['/local', '', 'http://up.test:8080/v1/x', '/local/v1/x'],
  ['/local', '/base', '/base/v1/x?y', '/local/v1/x?y'],
  ['/local', '/base', '/base', '/local'],
  ['/local', '/base', '/basement/x', '/basement/x'],
  ['/local', '/base', '/elsewhere', '/elsewhere'],
  ['/local', '/api/v1', 'http://up.test:8080/api/v1/models', '/local/models'],
  ['/', '/api', '/api', '/'],
])('with prefix %s and base path %s, %s becomes %s', (prefix, basePath, said, got) => {
  const headers: [string, string][] = [
    ['Location', said],
    ['content-location', said],
    ['Refresh', `5; url=${said}`],
    ['Link', `<${said}>; rel=next, <${said}>; rel="prev"`],
    ['X-Other', said],
  ];
  cleanFields(headers, target(prefix, basePath), undefined);
  expect(headers.map(([, value]) => value)).toEqual([
    got,
    got,
    `5; url=${got}`,
    `<${got}>; rel=next, <${got}>; rel="prev"`,
    said,
  ]);
});

test('an IPv6 upstream is known by its address', () => {
  const headers: [string, string][] = [['location', 'http://[::1]:8080/v1/x']];
  cleanFields(headers, target('/l', '', '::1'), undefined);
  expect(headers[0]![1]).toBe('/l/v1/x');
});

test('a redirect that the upstream makes of the Host it was sent can be followed through aifd', async () => {
  await using upstream = await startUpstream((request) => {
    const { target: path } = request;
    if (!path.endsWith('/')) return request.answer(200, path);
    const location = `http://${request.header('host')}${path.slice(0, -1)}`;
    return request.answer(307, '', [`Location: ${location}`]);
  });
  await using aifd = await startAifd({
    EXTRA_BASE_URL: `${upstream.url}/base`,
    EXTRA_ROUTE_PREFIX: '/local',
    OPENAI_BASE_URL: upstream.url,
  });
  const redirect = await ask(aifd.url, '/local/v1/models/');
  expect(redirect.header('location')).toBe('/local/v1/models');
  const followed = await ask(aifd.url, redirect.header('location')!);
  expect(followed.text).toBe('/base/v1/models');
});
