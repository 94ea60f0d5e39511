import { expect, test } from 'bun:test';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from '../cli/aifd.ts';
import { until } from '../support/until.ts';

const main = join(import.meta.dir, '../../src/cli/main.ts');

function logOf(megabytes: number): string {
  const at = folder();
  const prose = 'some words of a conversation, '.repeat(40);
  const pair = (uid: number) =>
    `{'messages': [{'role': 'user', 'content': '${prose}'}], 'uid': '${uid}', 'datetime': 'd'}\n` +
    `{'assistant': '${prose}', 'is_function_call': False, 'uid': '${uid}'}\n`;
  writeFileSync(
    join(at, 'chat.log'),
    Array.from({ length: megabytes * 400 }, (_, uid) => pair(uid)).join(''),
  );
  return at;
}

const convert = (cwd: string, output: string) =>
  Bun.spawn([process.execPath, main, 'convert', '--log-folder', '.', '--output', output], {
    cwd,
    env: { PATH: process.env.PATH, TMPDIR: cwd },
    stdout: 'pipe',
    stderr: 'pipe',
  });

test('Ctrl-C takes away what was begun', async () => {
  const at = logOf(60);
  const child = convert(at, 'all.json');
  await until(() => readdirSync(at).some((name) => name.endsWith('.part')), 'it has begun');
  child.kill('SIGINT');
  expect(await child.exited).toBe(130);
  expect(readdirSync(at)).toEqual(['chat.log']);
}, 30_000);

test('a reader that has seen enough is told nothing', async () => {
  const child = convert(logOf(10), '-');
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  expect(await child.stderr.text()).toBe('');
  expect(await child.exited).toBe(0);
}, 30_000);
