import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { logs, python } from '../logfile/logs.ts';
import { aifd } from './aifd.ts';

const root = logs({ 'openai/chat/chat.log': python('a', 'where is it?', 'here') });

const commands = [
  { args: ['logs', 'tail'], flag: '--log-dir' },
  { args: ['convert', '--output', '-'], flag: '--log-folder' },
];

test.each(commands)('$args by flag, environment, .env and --env-file', async ({ args, flag }) => {
  const nowhere = join(root, 'none');
  const files = { '.env': `LOG_DIR=${nowhere}\n`, 'other.env': `LOG_DIR=${root}\n` };
  for (const start of [
    { more: [flag, root], env: { LOG_DIR: nowhere }, files },
    { more: [], env: { LOG_DIR: root }, files },
    { more: ['--env-file', 'other.env'], files },
    { more: [], files: { '.env': `LOG_DIR='${root}'\n` } },
  ]) {
    const { out, err, code } = await aifd([...args, ...start.more], start);
    expect([err.replace('standard output: 1 conversation\n', ''), code]).toEqual(['', 0]);
    expect(out).toContain('where is it?');
  }
});

test.each(commands)('$args says what is wrong with the configuration', async ({ args }) => {
  const { out, err, code } = await aifd([...args, '--env-file', 'none.env']);
  expect([out, code]).toEqual(['', 2]);
  expect(err).toContain('--env-file: there is no file');
});
