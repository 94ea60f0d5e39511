import { expect, test } from 'bun:test';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { convert } from '../../src/cli/convert/convert.ts';
import { findChatLogs } from '../../src/cli/convert/files.ts';
import { folder } from '../cli/aifd.ts';
import { Dice } from '../support/random.ts';

const main = join(import.meta.dir, '../../src/cli/main.ts');

const ask = (uid: string, text: string) =>
  `{'messages': [{'role': 'user', 'content': ${JSON.stringify(text)}}], 'model': 'm', 'ip': '', 'forwarded-for': '1.2.3.4', 'uid': '${uid}', 'datetime': 'd'}\n`;
const reply = (uid: string, text: string) =>
  `{'assistant': '${text}', 'is_function_call': False, 'uid': '${uid}'}\n`;

function place(files: Record<string, string>): string {
  const at = folder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(at, name)), { recursive: true });
    writeFileSync(join(at, name), text);
  }
  return at;
}

async function run(cwd: string, ...args: string[]) {
  const child = Bun.spawn([process.execPath, main, 'convert', ...args], {
    cwd,
    env: { PATH: process.env.PATH },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}

const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as { assistant: string; ip: string }[];

test('a file a prefix; rotated files oldest first; broken lines named; unpaired ones reported', async () => {
  const at = place({
    'Log/openai/chat/chat.2023-10-17_15-27-12_1.log': ask('a', 'x') + reply('a', 'one'),
    'Log/openai/chat/chat.log.10': ask('b', 'x') + reply('b', 'two'),
    'Log/openai/chat/chat.log.2': `${ask('c', 'x')}{'half\n\n`,
    'Log/openai/chat/chat.log': `${reply('c', 'three')}${ask('alone', 'x')}${reply('other', 'x')}{"assistant":5}\n`,
    'Log/local_v2/chat/chat.log':
      '{"messages":[{"role":"user","content":null}],"uid":"a"}\n{"assistant":null,"uid":"a"}\n',
  });
  const { out, err, code } = await run(at);
  expect(code).toBe(0);
  expect(out).toBe('chat_local_v2.json: 1 conversation\nchat_openai.json: 3 conversations\n');
  expect(err).toContain('aifd: Log/openai/chat/chat.log.2:2: ');
  expect(err).toContain('aifd: Log/openai/chat/chat.log:4: it has no uid');
  expect(err).toContain('2 broken lines passed over');
  expect(err).toContain('1 request without an answer left out');
  expect(err).toContain('1 answer without a request left out');
  const conversations = read(join(at, 'chat_openai.json'));
  expect(conversations.map(({ assistant }) => assistant)).toEqual(['one', 'two', 'three']);
  expect(conversations[0]!.ip).toBe('1.2.3.4');
  expect(readFileSync(join(at, 'chat_local_v2.json'), 'utf8')).toContain('"user": "None"');
});

test('the command line is strict, and what it can not do it says', async () => {
  const at = place({ 'L/a/chat/chat.log': ask('a', 'x') + reply('a', 'y'), 'L/b/chat/chat.log': '' });
  for (const [args, code, says] of [
    [['--help'], 0, ''],
    [['--outptu', 'x'], 2, 'did you mean --output?'],
    [['x'], 2, "unexpected argument 'x'"],
    [['--output'], 2, 'needs a value'],
    [['--output=a', '--output=b'], 2, 'twice'],
    [[], 1, 'there is no chat log in Log'],
    [['--log-folder', 'L', '--output', 'one.json'], 2, "2 logs can't go to one file"],
    [['--log-folder', 'L/a', '--output', 'none/one.json'], 1, 'none/one.json'],
  ] as const) {
    const { err, code: ended } = await run(at, ...args);
    expect([args, ended]).toEqual([args, code]);
    expect(err).toContain(says);
  }
  const { out } = await run(at, '--log_folder=L/a/chat', '--output=-');
  expect((JSON.parse(out) as unknown[]).length).toBe(1);
});

test('pairs are found however far apart they are, in the order of the requests', async () => {
  const dice = new Dice(3);
  const count = 500;
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    lines.splice(dice.int(0, lines.length), 0, ask(`u${i}`, `question ${i}`));
    if (i % 10 !== 0) lines.splice(dice.int(0, lines.length), 0, reply(`u${i}`, `answer ${i}`));
  }
  const order = lines
    .map((line) => /'messages'.*'uid': '(u\d+)'/.exec(line)?.[1] ?? 'u0')
    .filter((uid) => !uid.endsWith('0'));
  const at = place({
    'chat/chat.log.1': lines.slice(0, 300).join(''),
    'chat/chat.log': lines.slice(300).join(''),
  });
  for (const mostHeld of [0, 100, 1000, 1e9]) {
    let text = '';
    const out = {
      write: (piece: string): void => void (text += piece),
      flush: async () => true,
    };
    const [log] = findChatLogs(at);
    const result = await convert(log!, out, { full: true, onRead: () => {}, onBroken, mostHeld });
    expect(result).toEqual({ conversations: 450, broken: 0, requests: 50, answers: 0 });
    const pairs = JSON.parse(text) as {
      request: { uid: string };
      answer: { uid: string; assistant: string };
    }[];
    for (const { request, answer } of pairs) expect(request.uid).toBe(answer.uid);
    expect(new Set(pairs.map(({ answer }) => answer.assistant)).size).toBe(450);
    expect(pairs.map(({ request }) => request.uid)).toEqual(order);
  }
});

function onBroken(): never {
  throw new Error('none is');
}
