import { expect, test } from 'bun:test';
import { optionNames, optionOf } from '../../src/config/options.ts';
import { aifd } from './aifd.ts';

const env = {
  OPENAI_API_KEY: 'sk-0123456789abcd,short',
  FORWARD_KEY: 'fk-0123456789abcd',
  PROXY: 'http://me:hunter2secret@proxy:3128',
};
const hidden = /0123456789|short|hunter2/;

test('an aligned table of option, value and source, secrets masked', async () => {
  const { out, err, code } = await aifd(['config', '--port', '81'], { env });
  expect({ err, code }).toEqual({ err: '', code: 0 });
  const [head, ...rows] = out.trimEnd().split('\n');
  const [value, source] = [head!.indexOf('VALUE'), head!.indexOf('SOURCE')];
  const cells = rows.map((row) => [row.slice(0, value), row.slice(value, source), row.slice(source)]);
  const table = new Map(cells.map(([name, ...rest]) => [name!.trim(), rest.map((cell) => cell.trim())]));
  expect([...table.keys()]).toEqual(optionNames.map((name) => optionOf(name).env));
  expect(table.get('PORT')).toEqual(['81', 'flag']);
  expect(table.get('OPENAI_API_KEY')).toEqual(['sk-…abcd,***', 'environment']);
  expect(table.get('PROXY')).toEqual(['http://***@proxy:3128', 'environment']);
  expect(out).not.toMatch(hidden);
});

test('--json masks the same', async () => {
  const { out } = await aifd(['config', '--json'], { env });
  expect(JSON.parse(out)).toMatchObject({
    OPENAI_API_KEY: { value: 'sk-…abcd,***', source: 'environment' },
    EXTRA_API_KEY: { value: '', source: 'default' },
    RETRY_STATUSES: { value: '503', source: 'default' },
  });
  expect(out).not.toMatch(hidden);
});

test('a bad configuration ends with 2 and all its problems', async () => {
  const bad = { PORT: 'x', TIMEOUT: 'y', LEVEL_MODELS: 'true' };
  for (const command of ['config', 'run']) {
    const { out, err, code } = await aifd([command], { env: bad });
    expect({ out, code }).toEqual({ out: '', code: 2 });
    expect(err.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^aifd: PORT \(from environment\) is 'x'; accepted: /),
      expect.stringMatching(/^aifd: TIMEOUT \(from environment\) is 'y'; accepted: /),
      'aifd: LEVEL_MODELS is set, but this version does not have it: unset it',
    ]);
  }
});
