import { expect, test } from 'bun:test';
import { ask } from '../support/raw.ts';
import { makeCertificate } from '../support/certificate.ts';
import { spawnServer } from './spawn.ts';

test.each([
  ['127.0.0.1', true, 200],
  ['localhost', true, 200],
  ['127.0.0.1', false, 502],
  ['localhost', false, 502],
])('https://%s with a certificate that is trusted: %p', async (host, trusted, status) => {
  const { cert, key, certFile } = makeCertificate();
  await using upstream = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: { cert, key },
    fetch: () => new Response('hi'),
  });
  await using aifd = await spawnServer({
    OPENAI_BASE_URL: `https://${host}:${upstream.port}`,
    MAX_RETRIES: '0',
    TIMEOUT: '3',
    ...(trusted ? { NODE_EXTRA_CA_CERTS: certFile } : {}),
  });
  const response = await ask(aifd.url, '/v1/models');
  expect(response.status).toBe(status);
  if (!trusted) expect(response.text).toContain('TLS: ');
});
