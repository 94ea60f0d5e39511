import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { emptyFolder } from '../support/aifd.ts';
import { until, within } from '../support/until.ts';
import { childrenOf, freePort } from './spawn.ts';

const main = join(import.meta.dir, '../../src/cli/main.ts');

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('SIGTERM while the workers start ends them all, and aifd with 0', async () => {
  const child = Bun.spawn(
    [process.execPath, main, 'run', '--workers', '2', '--port', String(await freePort())],
    {
      cwd: emptyFolder(),
      env: { PATH: process.env.PATH, HOST: '127.0.0.1' },
      stdio: ['ignore', 'ignore', 'ignore'],
    },
  );
  await until(async () => (await childrenOf(child.pid)).length === 2, 'the workers are started');
  const workers = await childrenOf(child.pid);
  child.kill('SIGTERM');
  expect(await within(child.exited, 'it ends')).toBe(0);
  await until(() => !workers.some(runs), 'the workers have ended');
});
