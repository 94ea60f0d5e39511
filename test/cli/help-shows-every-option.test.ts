import { expect, test } from 'bun:test';
import pkg from '../../package.json' with { type: 'json' };
import { flagOf, groups, optionNames, optionOf } from '../../src/config/options.ts';
import { aifd } from './aifd.ts';

test('aifd run --help has every flag with its environment name and default, in groups', async () => {
  const { out, code } = await aifd(['run', '--help']);
  expect(code).toBe(0);
  const lines = out.split('\n');
  for (const group of groups) expect(lines).toContain(group);
  for (const option of optionNames.map(optionOf)) {
    const line = lines.find((text) => text.startsWith(`  --${flagOf(option)} `));
    expect(line).toEndWith(option.default === '' ? `[${option.env}]` : `[${option.env}=${option.default}]`);
  }
  expect(out).toContain('--env-file FILE');
  expect(out).toContain('--demo');
});

test('aifd --help names the commands; without a command it is a complaint', async () => {
  const asked = await aifd(['--help']);
  expect(asked).toMatchObject({ code: 0, err: '' });
  expect(asked.out).toMatch(/^ {2}run .*\n {2}config /m);
  expect(await aifd([])).toEqual({ out: '', err: asked.out, code: 2 });
});

test('aifd --version', async () => {
  expect(await aifd(['--version'])).toEqual({ out: `${pkg.version}\n`, err: '', code: 0 });
});
