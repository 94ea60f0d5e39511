import { expect, test } from 'bun:test';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOfLog, rotatedAt, rotatedName } from '../../src/record/logfile/names.ts';
import { folder } from '../cli/aifd.ts';
import { writer } from './logs.ts';

const DAY = 86_400_000;
const inDays = (days: number): number => (Date.now() + days * DAY) * 1000;

test('files that were put away while the clock ran ahead get the time of now, in their order', async () => {
  const root = folder();
  const chat = join(root, 'openai/chat');
  mkdirSync(chat, { recursive: true });
  const names = [-31, -1, 300, 400].map((days) => rotatedName('chat.log', inDays(days)));
  for (const [index, name] of names.entries()) writeFileSync(join(chat, name), `${index}\n`);
  writeFileSync(join(chat, 'chat.log'), 'tomorrow\n');
  const ahead = new Date(Date.now() + 300 * DAY);
  utimesSync(join(chat, 'chat.log'), ahead, ahead);
  const { files } = writer({ folder: root, keep: { days: 30 } });
  files.write('openai/chat/chat.log', 'today\n');
  await files.close();
  const found = filesOfLog('chat.log', readdirSync(chat));
  expect(found.map((name) => readFileSync(join(chat, name), 'utf8'))).toEqual([
    '1\n',
    '2\n',
    '3\n',
    'tomorrow\n',
    'today\n',
  ]);
  for (const name of found.slice(0, -1))
    expect(rotatedAt('chat.log', name)! / 1000).toBeLessThan(Date.now() + 1);
});
