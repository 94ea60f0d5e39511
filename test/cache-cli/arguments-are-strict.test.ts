import { expect, test } from 'bun:test';
import { folder } from '../cli/aifd.ts';
import { cacheIn } from './cache.ts';

const cache = cacheIn(folder(), 'memory');

test.each([
  [[], 'what to do? aifd cache stats|list|show|purge|export|import'],
  [['lst'], "there is no 'cache lst': did you mean list?"],
  [['constructor'], "there is no 'cache constructor': see aifd cache --help"],
  [['--json'], 'an action comes first'],
  [['stats', 'now'], "'now' is one argument too many"],
  [['stats', '--model', 'x'], 'there is no option --model'],
  [['list', '--modell', 'x'], 'did you mean --model?'],
  [['list', '--model'], '--model needs a value'],
  [['list', '--model='], '--model needs a value'],
  [['list', '--model', 'a', '--model=b'], '--model is there twice'],
  [['list', '--json=1'], '--json takes no value'],
  [['list', '--older-than', 'long'], "--older-than is 'long'; accepted: a time"],
  [['list', '--key', 'xyz'], "--key is 'xyz', and no key"],
  [['list', '--port', '1'], '--port is an option of aifd run, not of aifd cache'],
  [['show'], 'aifd cache show needs a KEY'],
  [['show', 'xyz'], "KEY is 'xyz', and no key"],
  [['show', 'ab', 'cd'], "'cd' is one argument too many"],
  [['show', 'ab', '--raw', '--json'], '--raw and --json exclude each other'],
  [['purge'], 'which entries?'],
  [['purge', '--dry-run'], 'which entries?'],
  [['purge', '--all', '--model', 'x'], '--all and a filter exclude each other'],
  [['import'], 'aifd cache import needs a FILE'],
  [['import', 'x', '--ttl', 'ever'], "--ttl is 'ever'; accepted: a time"],
  [['stats', '--cache-backend', 'disk'], "CACHE_BACKEND (from flag) is 'disk'"],
  [['stats', '--env-file', '/nowhere/.env'], '--env-file: there is no file /nowhere/.env'],
  [['stats', '--cache-backend', 'redis'], 'CACHE_BACKEND is redis and CACHE_ROOT_PATH_OR_URL is no redis://'],
])('%p ends with exit code 2', async (args, why) => {
  const { out, err, code } = await cache(args);
  expect(err).toStartWith('aifd: ');
  expect(err).toContain(why);
  expect([out, code]).toEqual(['', 2]);
});

test.each(['', 'stats ', 'list ', 'show ', 'purge ', 'export ', 'import '])(
  '%s--help is help',
  async (action) => {
    for (const flag of ['--help', '-h']) {
      const { out, err, code } = await cache(`${action}${flag}`.split(' '));
      expect(out).toStartWith(`aifd cache${action === '' ? '' : ' '}${action.trim()}: `);
      expect(out).toContain('[DATA_DIR=data]');
      expect([err, code]).toEqual(['', 0]);
    }
  },
);

test('a password of Redis is not shown', async () => {
  const { out, err, code } = await cache(['stats', '--cache-backend', 'redis://user:sesame@127.0.0.1:1/0']);
  expect(code).toBe(1);
  expect(out + err).not.toContain('sesame');
  expect(err).toMatch(/^aifd: .+\n$/);
});
