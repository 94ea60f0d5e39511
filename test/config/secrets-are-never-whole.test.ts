import { expect, test } from 'bun:test';
import { mask, maskUrl } from '../../src/config/mask.ts';
import { options } from '../../src/config/options.ts';
import { problemsOf } from './given.ts';

test('a long key shows its first three and last four characters, a short one none', () => {
  expect(mask('sk-0123456789abcd')).toBe('sk-…abcd');
  expect(mask('elevenchars')).toBe('***');
});

test('a URL hides its user, password, query and fragment', () => {
  expect(maskUrl('http://u:p@h:1')).toBe('http://***@h:1');
  expect(maskUrl('u:p#w@h')).toBe('***@h');
  expect(maskUrl('http://h/?key=s3cret')).toBe('http://h/?***');
  expect(maskUrl('socks5://u:p@w@h')).toBe('socks5://***@h');
});

test.each(['OPENAI_API_KEY', 'FORWARD_KEY', 'EXTRA_API_KEY', 'PROXY'])('a bad %s is not repeated', (env) => {
  const text = env === 'PROXY' ? 'ftp://me:topsecret99@h' : 'sk-topsecret99 99';
  const problems = problemsOf({ [env]: text }).join('\n');
  expect(problems).toContain(env);
  expect(problems).not.toContain('topsecret99');
});

test('every secret option has a way to conceal what came', () => {
  const secrets = Object.values(options).filter((option) => option.secret);
  expect(secrets.map((option) => option.env)).toEqual([
    'PROXY',
    'OPENAI_API_KEY',
    'EXTRA_API_KEY',
    'FORWARD_KEY',
    'OTEL_EXPORTER_OTLP_HEADERS',
  ]);
  for (const { kind } of secrets) expect(kind.conceal).toBeFunction();
});
