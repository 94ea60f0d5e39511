import { afterAll, expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask, askRaw, requestBytes } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const evil = await startUpstream();
const upstream = await startUpstream((request) => request.answer(200, request.target));
const aifd = await startAifd({
  OPENAI_BASE_URL: `${upstream.url}/base`,
  OPENAI_ROUTE_PREFIX: '/openai',
});
const rooted = await startAifd({
  OPENAI_BASE_URL: `${upstream.url}/base`,
  OPENAI_API_KEY: 'sk-real-key-0001',
});
afterAll(async () => {
  for (const one of [aifd, rooted, upstream, evil]) await one[Symbol.asyncDispose]();
});

/** What may come of a target that tries to leave: a refusal, or a path that stayed under the base. */
async function expectContained(url: string, bytes: Uint8Array | string): Promise<void> {
  const before = upstream.requests.length;
  const response = await askRaw(url, bytes);
  for (const { target, message, header } of upstream.requests.slice(before).map((one) => ({
    target: one.target,
    message: one.message,
    header: one.header('host'),
  }))) {
    expect(target).toMatch(/^\/base($|[/?])/);
    expect(message.start).toMatch(/^GET \S+ HTTP\/1\.1$/);
    expect(header).toBe(`127.0.0.1:${upstream.port}`);
    const decoded = decodeURIComponent(target.split('?')[0]!.replace(/%(?![0-9a-f]{2})/gi, '%25'));
    expect(decoded.split(/[/\\]/)).not.toContain('..');
  }
  expect(response.status === 200 || (response.status >= 400 && response.status < 500)).toBe(true);
  expect(evil.accepted).toBe(0);
}

const hostile = [
  `/openai:${evil.port}/x`,
  `/openai@127.0.0.1:${evil.port}/x`,
  '/openai.evil.tld/x',
  '//evil.tld/x',
  `//127.0.0.1:${evil.port}/x`,
  `/openai//127.0.0.1:${evil.port}/x`,
  '/v1/../../x',
  '/openai/../../x',
  '/openai/%2e%2e/%2e%2e/x',
  '/openai/.%2E/x',
  '/openai/..%2f..%2fx',
  '/openai/..%5c..%5cx',
  '/openai/%2e%2e%2fx',
  '/openai\\..\\..\\x',
  '/openai/..\\x',
  `\\\\127.0.0.1:${evil.port}\\x`,
  `/\\127.0.0.1:${evil.port}/x`,
  `http://127.0.0.1:${evil.port}/x`,
  `http://127.0.0.1:${evil.port}/openai/x`,
  `http://u:p@127.0.0.1:${evil.port}/openai/../x`,
  `HTTP://127.0.0.1:${evil.port}`,
  `https://127.0.0.1:${evil.port}/x`,
  `127.0.0.1:${evil.port}`,
  '*',
  '/openai/..;/x',
  '/openai/%2e%2e;a=b/x',
];

test.each(hostile)('%s stays under the base or is refused', async (target) => {
  await expectContained(aifd.url, requestBytes(target));
  await expectContained(rooted.url, requestBytes(target));
});

test.each(hostile)('%s without a Host does too', async (target) => {
  await expectContained(rooted.url, `GET ${target} HTTP/1.0\r\n\r\n`);
});

test.each(['a/b', 'a/../..', 'a?b', 'a#b', 'u:p@evil', '[::1', 'a\\b', '../x'])(
  'a Host of %s changes nothing',
  async (host) => {
    await expectContained(rooted.url, `GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  },
);

test('a prefix ends at a slash: what only begins like it is nobody’s', async () => {
  for (const target of ['/openai.evil.tld/x', '/openai:9102/x', '/openaix', '//evil/x', '/x']) {
    expectRefusal(await ask(aifd.url, target), 404, 'not_found');
  }
});

test('a climb hidden in escapes is refused', async () => {
  for (const target of ['/openai/..%2fx', '/openai/%2e%2e%5cx', '/openai/a/.%2e%2Fx']) {
    expectRefusal(await ask(aifd.url, target), 400, 'invalid_request_target');
  }
});
