import { expect, test } from 'bun:test';
import { appendFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { aifd, said, spawn } from '../cli/aifd.ts';
import { json, logs, python } from './logs.ts';

const old = 'chat.2026-11-20_12-00-00_000000.log';
const root = logs({
  [`openai/chat/${old}`]: python('mini1', "it\\'s old", 'Yes, oldest') + 'broken {\n',
  'openai/chat/chat.log':
    python('u2', 'second', 'two\\nlines\\x1b[31m') +
    "{'messages': [], 'uid': 'u3', 'datetime': '2026-11-20 12:00:01', 'status': 429, 'end': 'refused', 'code': 'rate_limit_exceeded'}\n",
  'localai_v2/chat/chat.log': json('u4', 'Größe über alles', "it's 4xx", 400),
  'localai_v2/completion/completion.log': `{"prompt":"once upon","model":"old","uid":"u5","datetime":"2026-11-22 00:00:00"}\n{"text":"a time","uid":"u5"}\n`,
});
const run = (...args: string[]) => aifd(['logs', ...args, '--log-dir', root]);
const texts = async (...args: string[]) => (await run(...args)).out.split('\n').slice(0, -1);

test('the last of all logs, a line each, by time; harmless', async () => {
  const { out, err, code } = await run('tail');
  expect(code).toBe(0);
  expect(err).toBe('aifd: 1 line could not be read\n');
  const lines = out.trimEnd().split('\n');
  expect(lines.map((line) => line.slice(0, 19))).toEqual([
    '2026-11-20 12:00:00',
    '2026-11-20 12:00:00',
    '2026-11-20 12:00:01',
    '2026-11-21 12:00:00',
    '2026-11-22 00:00:00',
  ]);
  expect(lines[0]).toMatch(/abcdefghij +gpt-4o-mini +200 +3\+4 +it's old → Yes, oldest$/);
  expect(lines[1]).toEndWith('second → two lines\\u001b[31m');
  expect(lines[2]).toEndWith('(no answer: rate_limit_exceeded)');
  expect(lines[4]).toEndWith('once upon → a time');
  expect((await texts('tail', '-n', '2')).map((line) => line.slice(0, 10))).toEqual([
    '2026-11-21',
    '2026-11-22',
  ]);
  expect(await texts('tail', '-n', '0')).toEqual([]);
});

test.each([
  [['--status', '4xx'], 2],
  [['--status', '429,200'], 3],
  [['--model', 'gpt-*'], 3],
  [['--model', 'gpt-4o'], 2],
  [['--key', 'abcd'], 2],
  [['--target', '/localai/v2'], 2],
  [['--target', '/'], 3],
  [['--kind', 'completion'], 1],
  [['--kind', 'chat', '--target', '/localai/v2'], 1],
])('tail %p', async (args, count) => {
  expect(await texts('tail', ...args)).toHaveLength(count);
});

test.each([
  ['OLDEST', 'Yes, oldest'],
  ["IT'S OLD", "it's old"],
  ['two\nLINES', 'two lines'],
  ['größe ÜBER', 'Größe über'],
  ['once', 'once upon'],
])('search %p', async (text, shown) => {
  const [line, ...more] = await texts('search', text);
  expect(line).toContain(shown);
  expect(more).toEqual([]);
});

test('what is in names only, or nowhere, is not found; time and filters hold', async () => {
  const { out, err, code } = await run('search', 'is_function_call');
  expect([out, code]).toEqual(['', 0]);
  expect(err).toContain(`aifd: 1 line could not be read, the first at`);
  expect(err).toContain(`${old}:3\n`);
  expect(await texts('search', 'it', '--status', '400')).toHaveLength(1);
  expect(await texts('search', 'old', '--since', '0')).toEqual([]);
  expect(await texts('search', 'old', '--since', '36500d')).toHaveLength(2);
});

test('raw gives the lines, json an object', async () => {
  expect((await run('search', '--raw', 'upon')).out).toBe(
    '{"prompt":"once upon","model":"old","uid":"u5","datetime":"2026-11-22 00:00:00"}\n{"text":"a time","uid":"u5"}\n',
  );
  const [line] = await texts('tail', '--json', '--target', '/', '-n', '2');
  expect(JSON.parse(line!)).toMatchObject({
    target: 'openai',
    kind: 'chat',
    model: 'gpt-4o',
    status: 200,
    key: 'abcdefghijklmnop',
    tokens: { input: 3, output: 4 },
    answer: { assistant: 'two\nlines\u001b[31m' },
  });
});

test('following goes through rotation, and to logs that are new', async () => {
  const folder = logs({ 'openai/chat/chat.log': python('u1', 'first', 'one') });
  const path = join(folder, 'openai/chat/chat.log');
  const child = spawn(['logs', 'tail', '-f', '--log-dir', folder]);
  try {
    await said(child.stdout, /first → one/);
    appendFileSync(path, python('u2', 'second', 'two').slice(0, -10));
    appendFileSync(path, python('u2', 'second', 'two').slice(-10));
    await said(child.stdout, /second → two/);
    // Two rotations between two looks, and a late line in a file that was put away.
    renameSync(path, join(folder, `openai/chat/chat.2026-11-23_12-00-00_000000.log`));
    appendFileSync(path, python('u3', 'third', 'three'));
    renameSync(path, join(folder, `openai/chat/chat.2026-11-23_12-00-00_000001.log`));
    appendFileSync(path, python('u4', 'fourth', 'four'));
    appendFileSync(
      join(folder, `openai/chat/chat.2026-11-23_12-00-00_000000.log`),
      python('u5', 'late', 'five'),
    );
    const seen = await said(child.stdout, /(?:(?:third|fourth|late) → \w+[^]*){3}/);
    for (const word of ['third', 'fourth', 'late']) expect(seen[0].split(`${word} →`)).toHaveLength(2);
  } finally {
    child.kill();
    await child.exited;
  }
});

test.each([
  [[], 'missing subcommand: aifd logs tail or search'],
  [['tial'], "unknown subcommand 'tial' of aifd logs: did you mean tail?"],
  [['--json'], 'missing subcommand'],
  [['tail', 'x'], "unexpected argument 'x'"],
  [['search'], 'missing TEXT'],
  [['search', 'a', 'b'], 'quote a text'],
  [['tail', '--since', '2d'], 'unknown option --since'],
  [['tail', '-n'], '-n needs a value'],
  [['tail', '-n', 'x'], "--lines is 'x'"],
  [['tail', '--n', '3'], 'unknown option --n'],
  [['tail', '-n', '1', '--lines=2'], '--lines given twice'],
  [['tail', '--follow=yes'], '--follow takes no value'],
  [['tail', '--raw', '--json'], 'not both'],
  [['tail', '--status', '600'], "--status is '600'"],
  [['tail', '--kind', 'chats'], "--kind is 'chats'"],
  [['tail', '--modell', 'x'], 'did you mean --model?'],
  [['tail', '--target', '..'], 'no route prefix'],
  [['search', '--since', 'x', 'a'], "--since is 'x'"],
])('%p is refused', async (args, message) => {
  const { out, err, code } = await aifd(['logs', ...args]);
  expect([out, code]).toEqual(['', 2]);
  expect(err).toContain(message);
  expect(err.trimEnd()).not.toContain('\n');
});

test('no logs are no error', async () => {
  const { err, code } = await aifd(['logs', 'tail']);
  expect(code).toBe(0);
  expect(err).toContain('there are no such logs in');
  expect((await aifd(['logs', 'search', '--help'])).out).toContain('Usage: aifd logs tail');
});
