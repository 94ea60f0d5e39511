import { expect, test } from 'bun:test';
import { aifd } from '../cli/aifd.ts';
import { given } from './given.ts';

test.each(['http://us%er:pass@h:1', 'http://user:100%@h:1', 'http://user:%ff@h:1'])(
  'PROXY=%s ends the start with 2, named and masked',
  async (PROXY) => {
    for (const command of ['config', 'run']) {
      const { out, err, code } = await aifd([command], { env: { PROXY } });
      expect({ out, code }).toEqual({ out: '', code: 2 });
      expect(err).toMatch(
        /^aifd: PROXY \(from environment\) is 'http:\/\/\*\*\*@h:1': .*write a % as %25; accepted: .*\n$/,
      );
    }
  },
);

test('escapes that are some are kept', () => {
  expect(given({ PROXY: 'http://us%25er:p%40ss@h:1' }).config.proxy).toBe('http://us%25er:p%40ss@h:1');
});
