import { expect, test } from 'bun:test';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  readFileSync,
  rmSync,
  symlinkSync,
  mkdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { folder } from '../cli/aifd.ts';
import { until } from '../support/until.ts';
import { writer } from './logs.ts';

const name = 'openai/chat/chat.log';
const read = (root: string): string => {
  const path = join(root, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

test('a folder that is removed is made again', async () => {
  const root = join(folder(), 'Log');
  const { files, said } = writer({ folder: root });
  files.write(name, 'one\n');
  await until(() => read(root) === 'one\n');
  rmSync(root, { recursive: true });
  files.write(name, 'two\n');
  await until(() => read(root) === 'two\n');
  await files.close();
  expect(said).toEqual([]);
});

test('a full disk is said once; when the log is written again, that is too', async () => {
  const root = folder();
  mkdirSync(join(root, 'openai/chat'), { recursive: true });
  symlinkSync('/dev/full', join(root, name));
  const { files, said } = writer({ folder: root });
  files.write(name, 'one\n');
  await until(() => said.length === 1);
  files.write(name, 'two\n');
  await Bun.sleep(300);
  expect(said).toEqual([
    `the log ${join(root, name)} can't be written: no space is left on the disk (ENOSPC); lines wait in memory`,
  ]);
  rmSync(join(root, name));
  await until(() => said.length === 2);
  expect(said[1]).toBe(`the log ${join(root, name)} is written again; nothing was lost`);
  expect(read(root)).toBe('one\ntwo\n');
  await files.close();
});

test('what finds no room is dropped, the newest, and counted', async () => {
  const root = folder();
  writeFileSync(join(root, 'openai'), 'a file where the folder should be');
  const { files, said } = writer({ folder: root, maxWaiting: 1000 });
  for (let index = 0; index < 200; index++) files.write(name, `line ${index}\nwith two\n`);
  await until(() => said.length === 2);
  expect(said[0]).toContain('is not written fast enough: lines are dropped');
  expect(said[1]).toContain('is a file (');
  rmSync(join(root, 'openai'));
  await until(() => said.length === 3);
  const kept = read(root).split('\n').slice(0, -1);
  expect(kept.slice(0, 3)).toEqual(['line 0', 'with two', 'line 1']);
  expect(said[2]).toContain(`is written again; ${400 - kept.length} lines were dropped`);
  expect(kept.length).toBeGreaterThan(40);
  files.write(name, 'after\n');
  await files.close();
  expect(read(root)).toEndWith('after\n');
});

test('a close on a dead disk says what is lost and ends', async () => {
  const root = folder();
  writeFileSync(join(root, 'openai'), '');
  const { files, said } = writer({ folder: root });
  files.write(name, 'one\ntwo\n');
  await files.close();
  expect(said.at(-1)).toContain('is left without 2 lines that could not be written');
});

test('a line that a killed process left torn does not spoil the next', async () => {
  const root = folder();
  mkdirSync(join(root, 'openai/chat'), { recursive: true });
  writeFileSync(join(root, name), 'whole\nto');
  const { files } = writer({ folder: root });
  files.write(name, 'one\n');
  await files.close();
  expect(read(root)).toBe('whole\nto\none\n');
});

test('lines are flushed at the end, in order, those of one call together', async () => {
  const root = folder();
  const { files } = writer({ folder: root });
  const wide = 'ü€😀'.repeat(50_000);
  const all = Array.from({ length: 3000 }, (_, index) => `${index} a\n${index} b\n`);
  for (const lines of all) files.write(name, lines);
  files.write(name, `${wide}\n`);
  files.write(name, 'no line feed');
  files.write(name, '');
  await files.close();
  files.write(name, 'too late\n');
  expect(read(root)).toBe(`${all.join('')}${wide}\nno line feed\n`);
});

test('a file that is not ours is appended to, by whoever else appends', async () => {
  const root = folder();
  const { files } = writer({ folder: root });
  files.write(name, 'one\n');
  await until(() => read(root) !== '');
  appendFileSync(join(root, name), 'theirs\n');
  files.write(name, 'two\n');
  await files.close();
  expect(read(root)).toBe('one\ntheirs\ntwo\n');
  chmodSync(join(root, name), 0o600);
});
