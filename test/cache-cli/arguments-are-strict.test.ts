import { expect, test } from 'bun:test';
import { folder } from '../cli/aifd.ts';
import { cacheIn } from './cache.ts';

const cache = cacheIn(folder(), 'memory');

test.each([
  [[], 'missing subcommand: aifd cache stats, list, show, purge, export or import'],
  [['lst'], "unknown subcommand 'lst' of aifd cache: did you mean list?"],
  [['constructor'], "unknown subcommand 'constructor' of aifd cache: see aifd cache --help"],
  [['--json'], 'missing subcommand'],
  [['stats', 'now'], "unexpected argument 'now'"],
  [['stats', '--model', 'x'], 'unknown option --model'],
  [['list', '--modell', 'x'], 'did you mean --model?'],
  [['list', '--model'], '--model needs a value'],
  [['list', '--model='], '--model needs a value'],
  [['list', '--model', 'a', '--model=b'], '--model given twice'],
  [['list', '--json=1'], '--json takes no value'],
  [['list', '--older-than', 'long'], "--older-than is 'long'; accepted: a time"],
  [['list', '--id', 'xyz'], "--id is 'xyz', which is not an entry ID"],
  [['list', '--port', '1'], '--port is an option of aifd run, not of aifd cache list'],
  [['show'], 'missing ID: see aifd cache show --help'],
  [['show', 'xyz'], "ID is 'xyz', which is not an entry ID"],
  [['show', 'ab', 'cd'], "unexpected argument 'cd'"],
  [['show', 'ab', '--raw', '--json'], 'use --raw or --json, not both'],
  [['purge'], 'missing filter'],
  [['purge', '--dry-run'], 'missing filter'],
  [['purge', '--all', '--model', 'x'], 'use --all or a filter, not both'],
  [['import'], 'missing FILE: see aifd cache import --help'],
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
