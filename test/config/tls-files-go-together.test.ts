import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { folder } from '../cli/aifd.ts';
import { given, problemsOf } from './given.ts';

const path = folder({ 'cert.pem': '', 'key.pem': '' });
const TLS_CERT_FILE = join(path, 'cert.pem');
const TLS_KEY_FILE = join(path, 'key.pem');

test('both are taken', () => {
  const { config } = given({ TLS_CERT_FILE, TLS_KEY_FILE });
  expect([config.tlsCertFile, config.tlsKeyFile]).toEqual([TLS_CERT_FILE, TLS_KEY_FILE]);
});

test('one alone is refused', () => {
  expect(problemsOf({ TLS_CERT_FILE })).toEqual([
    'TLS_CERT_FILE is set and TLS_KEY_FILE is not: https needs both',
  ]);
  expect(problemsOf({ TLS_KEY_FILE })).toEqual([
    'TLS_KEY_FILE is set and TLS_CERT_FILE is not: https needs both',
  ]);
});

test('a folder is no file', () => {
  expect(problemsOf({ TLS_CERT_FILE: path, TLS_KEY_FILE })).toEqual([
    expect.stringContaining('that is not a file'),
  ]);
});
