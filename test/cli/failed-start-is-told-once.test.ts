import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { supervise } from '../../src/server/supervisor.ts';
import { makeCertificate } from '../support/certificate.ts';
import { freePort } from '../workers/fixtures/supervised.ts';
import { aifd, folder } from './aifd.ts';

const workers = ['1', '2'];

test.each(workers)('a host name that nobody knows, with WORKERS=%s', async (WORKERS) => {
  const port = freePort();
  const { err, code } = await aifd(['run'], { env: { WORKERS, HOST: 'nowhere.invalid', PORT: `${port}` } });
  expect(err).toBe(`aifd: cannot listen on nowhere.invalid:${port}: that host name is not known\n`);
  expect(code).toBe(1);
});

test.each(workers)('an address of another machine, with WORKERS=%s', async (WORKERS) => {
  const port = freePort();
  const { err, code } = await aifd(['run'], { env: { WORKERS, HOST: '192.0.2.1', PORT: `${port}` } });
  expect(err).toBe(`aifd: cannot listen on 192.0.2.1:${port}: this machine does not have that address\n`);
  expect(code).toBe(1);
});

const tls = { TLS_CERT_FILE: 'cert.pem', TLS_KEY_FILE: 'key.pem', HOST: '127.0.0.1' };
const badPair = /^aifd: TLS_CERT_FILE and TLS_KEY_FILE can't be used: [^\n]+\n$/;

test.each(workers)('certificates that are none, with WORKERS=%s', async (WORKERS) => {
  const files = { 'cert.pem': 'junk', 'key.pem': 'junk' };
  const { err, code } = await aifd(['run'], { env: { ...tls, WORKERS, PORT: `${freePort()}` }, files });
  expect(err).toMatch(badPair);
  expect(code).toBe(2);
});

test.each(workers)('a key of another certificate, with WORKERS=%s', async (WORKERS) => {
  const env = { TLS_CERT_FILE: makeCertificate().certFile, TLS_KEY_FILE: makeCertificate().keyFile };
  const { err, code } = await aifd(['run'], { env: { ...tls, ...env, WORKERS, PORT: `${freePort()}` } });
  expect(err).toMatch(badPair);
  expect(code).toBe(2);
});

test('a bad pair is found before any worker is started', async () => {
  const path = folder({ 'cert.pem': 'junk', 'key.pem': 'junk' });
  const [tlsCertFile, tlsKeyFile] = [join(path, 'cert.pem'), join(path, 'key.pem')];
  const lines: string[] = [];
  const code = await supervise({
    config: { workers: 2, host: '127.0.0.1', port: freePort(), shutdownTimeout: 1, tlsCertFile, tlsKeyFile },
    // Starting one would be said, too.
    command: [join(path, 'no-such-program')],
    onReady: () => lines.push('ready'),
    log: (line) => lines.push(line),
  });
  expect(lines).toEqual([expect.stringMatching(/^TLS_CERT_FILE and TLS_KEY_FILE can't be used: /)]);
  expect(code).toBe(2);
});
