import { expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { makeCertificate } from '../support/certificate.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

test('TLS_CERT_FILE and TLS_KEY_FILE serve https', async () => {
  const { certFile, keyFile, cert } = makeCertificate();
  await using upstream = await startUpstream();
  await using aifd = await startAifd({
    OPENAI_BASE_URL: upstream.url,
    TLS_CERT_FILE: certFile,
    TLS_KEY_FILE: keyFile,
  });
  expect(aifd.url).toStartWith('https://');
  expect((await ask(aifd.url, '/x', { method: 'POST', body: 'a' })).text).toBe('ok');
  expect((await ask(aifd.url, '//evil/x')).text).toBe('ok');
  expect(upstream.requests.map(({ target }) => target)).toEqual(['/x', '//evil/x']);
  // A client that checks it accepts it.
  const checked = await fetch(`${aifd.url}/healthz`, { tls: { ca: cert } });
  expect(await checked.text()).toBe('OK');
});
