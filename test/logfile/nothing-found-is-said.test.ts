import { expect, test } from 'bun:test';
import { aifd } from '../cli/aifd.ts';
import { logs, python } from './logs.ts';

const root = logs({ 'openai/chat/chat.log': python('u1', 'first', 'one') });
const run = (...args: string[]) => aifd(['logs', ...args, '--log-dir', root]);

test.each([
  [['search', 'nowhere'], 'aifd: nothing was found\n'],
  [['search', 'first', '--status', '500'], 'aifd: nothing was found\n'],
  [['tail', '--model', 'other', '--json'], 'aifd: nothing was found\n'],
  [['tail', '--target', '/none'], `aifd: there are no such logs in ${root}\n`],
])('%p', async (args, err) => {
  expect(await run(...args)).toEqual({ out: '', err, code: 0 });
});

test('what is found, or was not asked for, says nothing more', async () => {
  expect((await run('search', 'first')).err).toBe('');
  expect((await run('tail')).err).toBe('');
  expect((await run('tail', '-n', '0')).err).toBe('');
});
