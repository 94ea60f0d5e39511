import { expect, test } from 'bun:test';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOfLog, rotatedAt, rotatedName } from '../../src/record/logfile/names.ts';
import { folder } from '../cli/aifd.ts';
import { until } from '../support/until.ts';
import { writer } from './logs.ts';

const name = 'openai/chat/chat.log';
const daysAgo = (days: number): number => (Date.now() - days * 86_400_000) * 1000;

/** A file may be put away between the look at its folder and the look into it. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

test('so many files are kept, the newest, and no line between them is lost', async () => {
  const root = folder();
  const chat = join(root, 'openai/chat');
  mkdirSync(chat, { recursive: true });
  writeFileSync(join(chat, 'chat.notes.log'), 'not ours');
  const { files, said } = writer({ folder: root, maxSize: 100, keep: { files: 3 } });
  for (let index = 0; index < 30; index++) {
    files.write(name, `${String(index).padStart(49, '0')}\n`);
    await until(() =>
      filesOfLog('chat.log', readdirSync(chat)).some((file) =>
        textOf(join(chat, file)).includes(`0${index}\n`),
      ),
    );
  }
  await files.close();
  const found = filesOfLog('chat.log', readdirSync(chat));
  expect(found).toHaveLength(4);
  const lines = found.flatMap((file) => readFileSync(join(chat, file), 'utf8').trim().split('\n'));
  expect(lines.map(Number)).toEqual([22, 23, 24, 25, 26, 27, 28, 29]);
  expect(readdirSync(chat).toSorted()).toEqual([...found, 'chat.notes.log'].toSorted());
  expect(said).toEqual([]);
});

test('where days are kept, yesterday has a file of its own, and old ones go', async () => {
  const root = folder();
  const chat = join(root, 'openai/chat');
  mkdirSync(chat, { recursive: true });
  const [old, young] = [rotatedName('chat.log', daysAgo(31)), rotatedName('chat.log', daysAgo(29))];
  for (const file of [old, young]) writeFileSync(join(chat, file), 'x\n');
  writeFileSync(join(root, name), 'yesterday\n');
  utimesSync(join(root, name), new Date(), new Date(Date.now() - 86_400_000));
  const { files } = writer({ folder: root, keep: { days: 30 } });
  files.write(name, 'today\n');
  await files.close();
  const found = filesOfLog('chat.log', readdirSync(chat));
  expect(found).toHaveLength(3);
  expect(found[0]).toBe(young);
  expect(found.map((file) => readFileSync(join(chat, file), 'utf8'))).toEqual([
    'x\n',
    'yesterday\n',
    'today\n',
  ]);
});

test('a lock that a dead process left is taken away', async () => {
  const root = folder();
  const chat = join(root, 'openai/chat');
  mkdirSync(chat, { recursive: true });
  writeFileSync(join(root, name), 'full\n');
  const lock = join(chat, '.chat.log.lock');
  writeFileSync(lock, '');
  utimesSync(lock, new Date(), new Date(Date.now() - 60_000));
  const { files } = writer({ folder: root, maxSize: 6 });
  files.write(name, 'next\n');
  await files.close();
  expect(filesOfLog('chat.log', readdirSync(chat))).toHaveLength(2);
  expect(readdirSync(chat)).not.toContain('.chat.log.lock');
});

test('names sort as the files were put away, and are read back', () => {
  const at = Date.UTC(2026, 10, 23, 12, 0, 0, 7) * 1000 + 45;
  expect(rotatedName('chat.log', at)).toBe('chat.2026-11-23_12-00-00_007045.log');
  expect(rotatedAt('chat.log', rotatedName('chat.log', at))).toBe(at);
  const names = [
    'chat.log',
    'chat.log.1',
    'chat.log.10',
    'chat.log.2',
    rotatedName('chat.log', at),
    'chat.x.log',
    '.chat.log.lock',
  ];
  expect(filesOfLog('chat.log', names)).toEqual([
    rotatedName('chat.log', at),
    'chat.log.10',
    'chat.log.2',
    'chat.log.1',
    'chat.log',
  ]);
});
