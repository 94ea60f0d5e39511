import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnvFile } from '../../src/config/env-file.ts';
import { options } from '../../src/config/options.ts';

const root = join(import.meta.dir, '../..');

test('.env.example and docs/configuration.md are what the table says', () => {
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, 'scripts/generate.ts', '--check'], {
    cwd: root,
  });
  expect(stderr.toString()).toBe('');
  expect(exitCode).toBe(0);
});

test('.env.example has every option, commented out with its default', () => {
  const text = readFileSync(join(root, '.env.example'), 'utf8');
  expect(parseEnvFile(text)).toEqual({ variables: {}, problems: [] });
  const uncommented = text.replace(/^# ([A-Z0-9_]+=)/gm, '$1');
  const expected = Object.values(options).map((option) => [option.env, option.default] as const);
  expect(parseEnvFile(uncommented).variables).toEqual(Object.fromEntries(expected));
});
