import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { emptyFolder } from '../support/aifd.ts';
import { ask, RawClient } from '../support/raw.ts';
import { spawnServer } from './spawn.ts';
import { openStream, startStreams, wholeStream } from './streams.ts';

/** A certificate of the machine's own openssl, for localhost. */
function makeCertificate(): Record<string, string> {
  const folder = emptyFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const made = Bun.spawnSync([
    ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', '2', '-subj', '/CN=localhost', '-keyout', key, '-out', cert],
  ]);
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  return { TLS_CERT_FILE: cert, TLS_KEY_FILE: key };
}

test.each([[{}], [{ WORKERS: '2' }]] as [Record<string, string>][])(
  'https (%p) serves health and a stream',
  async (env) => {
    await using upstream = startStreams();
    await using aifd = await spawnServer({ OPENAI_BASE_URL: upstream.url, ...makeCertificate(), ...env });
    expect(aifd.url).toStartWith('https://');
    expect((await ask(aifd.url, '/healthz')).text).toBe('OK');
    const stream = await openStream(aifd.url);
    upstream.finish();
    expect(await stream.rest()).toBe(wholeStream);
  },
);

test('plain http on that port is not served', async () => {
  await using aifd = await spawnServer(makeCertificate());
  using client = await RawClient.open(aifd.url.replace('https', 'http'));
  client.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  await client.ended();
  expect(client.log).not.toContain('200');
});
