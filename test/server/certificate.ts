import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyFolder } from '../support/aifd.ts';

/** A self-signed certificate for localhost and 127.0.0.1, of the machine's own openssl. */
export function makeCertificate() {
  const folder = emptyFolder();
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const made = Bun.spawnSync([
    ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ...['-keyout', keyFile, '-out', certFile],
  ]);
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  return {
    certFile,
    keyFile,
    cert: readFileSync(certFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
  };
}
