import { expect, test } from 'bun:test';
import { ask, RawClient } from '../support/raw.ts';
import { makeCertificate } from '../support/certificate.ts';
import { spawnServer } from './spawn.ts';
import { openStream, startStreams, wholeStream } from './streams.ts';

/** The variables that make aifd serve https. */
function tlsFiles(): Record<string, string> {
  const { certFile, keyFile } = makeCertificate();
  return { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile };
}

test.each([[{}], [{ WORKERS: '2' }]] as [Record<string, string>][])(
  'https (%p) serves health and a stream',
  async (env) => {
    const files = tlsFiles();
    await using upstream = startStreams();
    await using aifd = await spawnServer({ OPENAI_BASE_URL: upstream.url, ...files, ...env });
    expect(aifd.url).toStartWith('https://');
    expect((await ask(aifd.url, '/healthz')).text).toBe('OK');
    const stream = await openStream(aifd.url);
    upstream.finish();
    expect(await stream.rest()).toBe(wholeStream);
  },
);

test('plain http on that port is not served', async () => {
  await using aifd = await spawnServer(tlsFiles());
  using client = await RawClient.open(aifd.url.replace('https', 'http'));
  client.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await client.ended();
  expect(client.log).not.toContain('200');
});
