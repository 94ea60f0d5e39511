import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { withoutAutoloaded } from '../../src/config/environment.ts';
import { aifd, configuration, folder } from '../cli/aifd.ts';

const files = { '.env': 'PORT=1\nHOST=from.dotenv\nMAX_RETRIES=7\n' };

test('flags, then environment, then .env, then default', async () => {
  const env = { PORT: '2', HOST: 'from.environment' };
  expect(await configuration(['--port', '3'], { env, files })).toMatchObject({
    PORT: { value: '3', source: 'flag' },
    HOST: { value: 'from.environment', source: 'environment' },
    MAX_RETRIES: { value: '7', source: '.env' },
    WORKERS: { value: '1', source: 'default' },
  });
});

test('a variable of the environment is from there when .env says the same', async () => {
  expect(await configuration([], { env: { PORT: '1' }, files })).toMatchObject({
    PORT: { source: 'environment' },
  });
});

test('an empty variable of the environment leaves it to .env', async () => {
  expect(await configuration([], { env: { PORT: '' }, files })).toMatchObject({
    PORT: { value: '1', source: '.env' },
  });
});

test('--env-file is read instead of .env, which Bun has loaded by itself', async () => {
  const other = join(folder({ other: 'HOST=from.other\n' }), 'other');
  expect(await configuration(['--env-file', other], { files })).toMatchObject({
    PORT: { value: '8000', source: 'default' },
    HOST: { value: 'from.other', source: '.env' },
    MAX_RETRIES: { value: '3', source: 'default' },
  });
});

test('.env.local, which Bun loads too, is not ours', async () => {
  const both = { ...files, '.env.local': 'PORT=9\n', '.env.production': 'PORT=10\n' };
  expect(await configuration([], { files: both })).toMatchObject({ PORT: { value: '1', source: '.env' } });
});

test('an --env-file that does not exist is bad configuration', async () => {
  const { code, err } = await aifd(['config', '--env-file', 'nope.env'], { files });
  expect(code).toBe(2);
  expect(err).toMatch(/^aifd: --env-file: there is no file .*nope\.env\n$/);
});

test('.env has comments, export, and quotes over several lines', async () => {
  const text = '# a comment\nexport PORT=5 # five\nHOST="h"\nFORWARD_KEY=\'fk-1,\nfk-2\'\nMAX_RETRIES=\n';
  expect(await configuration([], { files: { '.env': text } })).toMatchObject({
    PORT: { value: '5' },
    HOST: { value: 'h' },
    FORWARD_KEY: { value: '***,***', source: '.env' },
    MAX_RETRIES: { value: '3', source: 'default' },
  });
});

test('where the true environment is hidden, what equals .env is taken to be from it', () => {
  const cwd = folder({ ...files, '.env.local': 'WORKERS=2\n' });
  const loaded = { PORT: '1', HOST: 'other', WORKERS: '2', PATH: '/bin' };
  expect(withoutAutoloaded(loaded, cwd)).toEqual({ HOST: 'other', PATH: '/bin' });
});
