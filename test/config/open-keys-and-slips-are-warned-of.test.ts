import { expect, test } from 'bun:test';
import { load } from '../../src/config/load.ts';
import { folder } from '../cli/aifd.ts';
import { given } from './given.ts';

test('OPENAI_API_KEY without FORWARD_KEY: anyone who reaches the port spends it', () => {
  const { warnings } = given({ OPENAI_API_KEY: 'sk-1', PORT: '81', HOST: '::' });
  expect(warnings).toEqual([
    expect.stringMatching(/^OPENAI_API_KEY is set without FORWARD_KEY: .*\[::\]:81 /),
  ]);
});

test('the same for EXTRA_API_KEY', () => {
  const extra = { EXTRA_BASE_URL: 'http://a', EXTRA_ROUTE_PREFIX: '/a', EXTRA_API_KEY: 'k' };
  expect(given(extra).warnings).toEqual([expect.stringMatching(/^EXTRA_API_KEY is set without/)]);
});

test('no warning with both', () => {
  expect(given({ OPENAI_API_KEY: 'sk-1', FORWARD_KEY: 'fk-1' }).warnings).toEqual([]);
});

test('a name in .env that is nearly an option', () => {
  const cwd = folder({ '.env': 'OPENAI_API_KEYS=sk-1\nSOMETHING_ELSE=1\n' });
  const { warnings } = load({ flags: {}, env: {}, cwd });
  expect(warnings).toEqual(['OPENAI_API_KEYS in .env is not an option: did you mean OPENAI_API_KEY?']);
});
