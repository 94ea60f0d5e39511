import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from '../cli/aifd.ts';
import { Dice } from '../support/random.ts';
import { hold } from './cache.ts';
import { entryWith, keyOf, readAll, recordingOf } from './support.ts';

const file = await recordingOf(
  [1, 2, 3].map((number) => ({ key: keyOf(number), entry: entryWith({ body: `answer ${number}` }) })),
);

const swap = (from: string | RegExp, to: string): string => {
  const changed = file.replace(from, to);
  expect(changed).not.toBe(file);
  return changed;
};

const damages: [what: string, damaged: () => string, why: RegExp | string][] = [
  ['an empty file', () => '', 'the file is empty'],
  ['other JSON', () => '{"a":[{"b":1}]}\n', 'line 1 is not {"format":"aifd-recording","version":2}'],
  ['a text', () => 'hello\n', 'line 1 is not'],
  ['a file that is one line without an end', () => 'x'.repeat(100_000), 'line 1 has no end'],
  [
    'an older version',
    () => '{\n  "format": "aifd-recording",\n  "version": 1,\n',
    'its version is 1: import it',
  ],
  ['a newer version', () => swap('"version":2', '"version":3'), 'its version is 3; this aifd reads 2'],
  ['an entry that is no object', () => swap(/\n\{"key".+/, '\n[0]'), 'line 2: it is not a JSON object'],
  ['a file cut in an entry', () => file.slice(0, file.indexOf('answer 2')), 'line 3 has no end'],
  ['a file cut between entries', () => file.slice(0, file.lastIndexOf('{"key"')), 'the file was cut'],
  ['an entry behind the end', () => `${file}{}\n`, 'line 6 stands behind the end'],
  ['a quote lost', () => swap('"answer 2"', 'answer 2"'), 'line 3: it is not a JSON object'],
  ['a field lost', () => swap(/(0002",.+?)"model":"gpt-4o",/, '$1'), 'line 3: it has no model'],
  ['a field misspelt', () => swap('"user"', '"usr"'), 'line 2: unknown field "usr"'],
  ['a wrong key', () => swap(keyOf(2), 'abc'), 'line 3: key is not 32 digits'],
  ['a key twice', () => swap(keyOf(2), keyOf(1)), 'line 3: its key is also that of line 2'],
  ['a time that is none', () => swap(/"storedAt":"[^"]+"/, '"storedAt":"soon"'), 'storedAt is not a time'],
  ['no time of storing', () => swap(/"storedAt":"[^"]+"/, '"storedAt":null'), 'storedAt is not a time'],
  [
    'an entry kept for less time than fresh',
    () => swap(/"keptUntil":"[^"]+"/, '"keptUntil":"2001-01-01T00:00:00Z"'),
    'keptUntil is before expiresAt',
  ],
  [
    'a header field with a line end',
    () => swap('application/json', String.raw`x\r\nset-cookie: y`),
    'headers is not a list',
  ],
  ['a number in place of a body', () => swap('{"text":"answer 2"}', '7'), 'line 3: answer: it is not null'],
  ['two forms of one body', () => swap('"text":"answer 2"', '"text":"","json":1'), 'answer: it is not null'],
  ['an unknown form', () => swap('"text":"answer 2"', '"yaml":""'), 'answer: unknown form "yaml"'],
  ['half a character', () => swap('answer 2', String.raw`\ud83d`), 'text holds half a surrogate pair'],
  ['damaged base64', () => swap('"text":"answer 2"', '"base64":"a"'), 'answer: base64 is damaged'],
  [
    'an event that is a number',
    () => swap('"text":"answer 2"', '"events":["data: 1\\n\\n",2]'),
    'an event is not a string',
  ],
];

test.each(damages)('%s is refused', async (_what, damaged, why) => {
  for (const size of [1, 7, 100_000]) await expect(readAll(damaged(), size)).rejects.toThrow(why);
});

test('no UTF-8 is refused', async () => {
  const bytes = Buffer.from(file);
  bytes[bytes.indexOf('answer 2')] = 0xff;
  await expect(readAll(bytes)).rejects.toThrow('line 3: it is not UTF-8');
});

test('nothing of a damaged file is imported, and its name and the entry are told', async () => {
  const dataDir = folder();
  await using holder = await hold({ dataDir, backend: 'memory', entries: 2 });
  const { cache } = holder;
  const path = join(dataDir, 'recording.json');
  writeFileSync(path, swap(keyOf(3), 'abc'));
  const { out, err, code } = await cache(['import', path]);
  expect(err).toMatch(/^aifd: \S+recording\.json: line 4: key is not .+; nothing was imported\n$/);
  expect([out, code]).toEqual(['', 1]);
  expect((await cache(['stats', '--json'])).out).toContain('"entries": 2,');
});

test('whatever is lost or changed, it is read as something else or refused, and never more', async () => {
  const dice = new Dice(7);
  for (let round = 0; round < 3000; round++) {
    const bytes = Buffer.from(file);
    if (dice.chance(0.5))
      bytes[dice.int(0, bytes.length - 1)] = dice.pick([...Buffer.from('{}[]",:\\ 0\n'), 255]);
    const cut = dice.chance(0.5) ? bytes.subarray(0, dice.int(0, bytes.length)) : bytes;
    const read = await readAll(cut, dice.int(1, 2000)).catch((error: Error) => error);
    if (read instanceof Error) expect(read.name).toBe('RecordingError');
    else expect(read).toHaveLength(3);
  }
});

test('a byte order mark, CRLF line ends and empty lines change nothing', async () => {
  const before = await readAll(file);
  expect(await readAll(`\ufeff${file.replaceAll('\n', '\r\n')}\n\n`)).toEqual(before);
});
