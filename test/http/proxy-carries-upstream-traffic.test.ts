import { expect, test } from 'bun:test';
import { spawnAifd, startAifd } from '../support/aifd.ts';
import { makeCertificate } from '../support/certificate.ts';
import { startProxy } from '../support/proxy.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';
import { until } from '../support/until.ts';

const CREDENTIALS = 'user:p@ss word';
const AUTHORIZATION = `Basic ${Buffer.from(CREDENTIALS).toString('base64')}`;
const through = (port: number, credentials = 'user:p%40ss%20word') =>
  `http://${credentials}@127.0.0.1:${port}`;

test('an http target is asked for in absolute form, with credentials', async () => {
  await using upstream = await startUpstream();
  await using proxy = await startProxy(CREDENTIALS);
  await using aifd = await startAifd({ OPENAI_BASE_URL: `${upstream.url}/base`, PROXY: through(proxy.port) });
  const response = await ask(aifd.url, '/v1/x?y=%2F', { method: 'POST', body: 'hello' });
  expect([response.status, response.text]).toEqual([200, 'ok']);
  expect(proxy.requests).toEqual([
    { start: `POST ${upstream.url}/base/v1/x?y=%2F HTTP/1.1`, authorization: AUTHORIZATION },
  ]);
  expect(upstream.requests[0]!.header('host')).toBe(`127.0.0.1:${upstream.port}`);
  expect(upstream.requests[0]!.text).toBe('hello');
});

test('an https target is reached by a CONNECT tunnel, with credentials', async () => {
  const tls = makeCertificate();
  await using upstream = await startUpstream(undefined, { tls });
  await using proxy = await startProxy(CREDENTIALS);
  await using aifd = await spawnAifd({
    OPENAI_BASE_URL: upstream.url,
    PROXY: through(proxy.port),
    NODE_EXTRA_CA_CERTS: tls.certFile,
  });
  const response = await ask(aifd.url, '/v1/x', { method: 'POST', body: 'hello' });
  expect([response.status, response.text]).toEqual([200, 'ok']);
  expect(proxy.requests).toEqual([
    { start: `CONNECT 127.0.0.1:${upstream.port} HTTP/1.1`, authorization: AUTHORIZATION },
  ]);
  expect(upstream.requests[0]!.target).toBe('/v1/x');
  expect(upstream.bytes).not.toContain('Proxy-Authorization');
  // The tunnel is used again.
  expect((await ask(aifd.url, '/v1/y')).status).toBe(200);
  expect(proxy.requests).toHaveLength(1);
});

test('a certificate that nobody vouches for is refused in a tunnel too', async () => {
  await using upstream = await startUpstream(undefined, { tls: makeCertificate() });
  await using proxy = await startProxy(CREDENTIALS);
  await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, PROXY: through(proxy.port) });
  expect(expectRefusal(await ask(aifd.url, '/x'), 502, 'upstream_unreachable')).toMatch(/TLS/);
  expect(upstream.requests).toHaveLength(0);
  await until(() => upstream.sockets.size === 0, 'the connection is let go', 1000);
});

test('a proxy that refuses is named, its password is not', async () => {
  const tls = makeCertificate();
  await using upstream = await startUpstream(undefined, { tls });
  await using proxy = await startProxy(CREDENTIALS);
  await using aifd = await startAifd({
    OPENAI_BASE_URL: upstream.url,
    PROXY: through(proxy.port, 'user:wrong-password'),
    MAX_RETRIES: '0',
  });
  const message = expectRefusal(await ask(aifd.url, '/x'), 502, 'upstream_unreachable');
  expect(message).toMatch(/proxy.*407/);
  expect(message).not.toContain('wrong-password');
});

test('a proxy that is not there is 502 and says so', async () => {
  await using aifd = await startAifd({ PROXY: 'http://u:p@127.0.0.1:1', MAX_RETRIES: '0' });
  const message = expectRefusal(await ask(aifd.url, '/x'), 502, 'upstream_unreachable');
  expect(message).toMatch(/proxy/);
  expect(message).toMatch(/refused/);
});

test('a proxy that is itself reached by TLS carries both kinds', async () => {
  const tls = makeCertificate();
  await using plain = await startUpstream();
  await using secure = await startUpstream(undefined, { tls });
  await using proxy = await startProxy(CREDENTIALS, tls);
  await using aifd = await spawnAifd({
    OPENAI_BASE_URL: plain.url,
    EXTRA_BASE_URL: secure.url,
    EXTRA_ROUTE_PREFIX: '/secure',
    PROXY: through(proxy.port).replace('http:', 'https:'),
    NODE_EXTRA_CA_CERTS: tls.certFile,
    TIMEOUT: '2',
    MAX_RETRIES: '0',
  });
  const body = 'x'.repeat(200_000);
  const first = await ask(aifd.url, '/x', { method: 'POST', body });
  expect([first.status, first.text]).toEqual([200, 'ok']);
  const second = await ask(aifd.url, '/secure/x', { method: 'POST', body });
  expect([second.status, second.text]).toEqual([200, 'ok']);
  expect([plain.requests[0]!.text, secure.requests[0]!.text]).toEqual([body, body]);
}, 10_000);
