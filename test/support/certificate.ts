import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A self-signed certificate for these names, made by the `openssl` command. */
export function makeCertificate(names = 'IP:127.0.0.1,DNS:localhost') {
  const folder = mkdtempSync(join(tmpdir(), 'aifd-cert-'));
  const keyFile = join(folder, 'key.pem');
  const certFile = join(folder, 'cert.pem');
  const options =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=aifd.test';
  const files = ['-addext', `subjectAltName=${names}`, '-keyout', keyFile, '-out', certFile];
  const made = Bun.spawnSync(['openssl', ...options.split(' '), ...files]);
  if (!made.success) throw new Error(`openssl: ${made.stderr.toString()}`);
  return { keyFile, certFile, key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
}
