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

const second = /entry 2 \(line 32, key 000000000000…\): /;

const damages: [what: string, damaged: () => string, why: RegExp | string][] = [
  ['nothing', () => '', 'cut short, or no recording'],
  ['other JSON', () => '{"a":[{"b":1}]}', 'its format is not "aifd-recording"'],
  ['a list', () => '[{"a":1}]', 'its format is not'],
  ['a text', () => 'hello', 'no recording'],
  ['closing brackets', () => '}}}{', 'no recording'],
  ['much that is nothing', () => 'x'.repeat(100_000), 'it is no recording of aifd'],
  ['a version to come', () => swap('"version": 1', '"version": 2'), 'its version is 2: this aifd reads 1'],
  ['no list of entries', () => '{"format":"aifd-recording","version":1}', '"entries" is no list'],
  ['an entry that is none', () => swap('"entries": [', '"entries": [0, '), '"entries" is no list of objects'],
  ['two lists', () => swap(/\n {2}\]\n\}\n$/, '\n], "more": []}'), 'a field "more", which there is not'],
  ['a comma too many', () => swap(/\n {2}\]\n\}\n$/, ',\n]}'), 'cut short, or no recording'],
  [
    'cut in an entry',
    () => file.slice(0, file.indexOf('answer 2')),
    /it ends within entry 2, which begins in line 32/,
  ],
  ['cut between entries', () => file.slice(0, file.lastIndexOf('\n    {\n')), 'cut short'],
  ['a quote lost', () => swap('"answer 2"', 'answer 2"'), /entry 2 .*: it is no JSON|ends within entry 2/],
  [
    'a comma lost',
    () => swap(/("text": "answer 2")\n {6}\}/, '$1 "x"\n}'),
    /entry 2 \(line 32\): it is no JSON: /,
  ],
  [
    'a field lost',
    () => swap(/(0002",\n.+route.+\n.*)"model": "gpt-4o",/, '$1'),
    'entry 2 (line 32): it has no model',
  ],
  ['a field misspelt', () => swap(/"user"/, '"usr"'), 'it has a field "usr", which there is not'],
  ['a field twice', () => swap(/"user": ""/, '"user": "", "user": "x"'), 'it has user twice'],
  ['a key that is none', () => swap(keyOf(2), 'abc'), 'key is not 32 digits'],
  ['a key twice', () => swap(keyOf(2), keyOf(1)), 'its key is that of the entry in line 5'],
  ['no time', () => swap(/"storedAt": "[^"]+"/, '"storedAt": "soon"'), 'storedAt is no time'],
  ['no time it was stored', () => swap(/"storedAt": "[^"]+"/, '"storedAt": null'), 'storedAt is no time'],
  [
    'kept for less than fresh',
    () => swap(/"keptUntil": "[^"]+"/, '"keptUntil": "2001-01-01T00:00:00Z"'),
    'keptUntil is before expiresAt',
  ],
  [
    'a field that ends itself',
    () => swap('application/json', String.raw`x\r\nset-cookie: y`),
    'headers is no list',
  ],
  ['two forms of one answer', () => swap('"text": "answer 2"', '"text": "", "json": 1'), second],
  [
    'a form that there is not',
    () => swap('"text": "answer 2"', '"yaml": ""'),
    'answer: holds not just one of',
  ],
  [
    'a member that there is not',
    () => swap('"text": "answer 2"', '"text": "", "newline": true'),
    'a field "newline"',
  ],
  [
    'half a character',
    () => swap('answer 2', String.raw`\ud83d`),
    'answer: text holds half a surrogate pair',
  ],
  ['base64 that is none', () => swap('"text": "answer 2"', '"base64": "a"'), 'answer: base64 is damaged'],
  [
    'a layout that there is not',
    () => swap('"text": "answer 2"', '"layout": "wide", "json": 1'),
    'layout is none of compact',
  ],
  [
    'events that are none',
    () => swap('"text": "answer 2"', '"events": ["data: 1\\n\\n", 2]'),
    'an event is no string',
  ],
];

test.each(damages)('%s is refused', async (_what, damaged, why) => {
  for (const size of [1, 7, 100_000]) await expect(readAll(damaged(), size)).rejects.toThrow(why);
});

test('no UTF-8 is refused', async () => {
  const bytes = Buffer.from(file);
  bytes[bytes.indexOf('answer 2')] = 0xff;
  await expect(readAll(bytes)).rejects.toThrow('entry 2 (line 32): it is not UTF-8');
});

test('nothing of a damaged file is imported, and its name and the entry are told', async () => {
  const dataDir = folder();
  await using holder = await hold({ dataDir, backend: 'memory', entries: 2 });
  const { cache } = holder;
  const path = join(dataDir, 'recording.json');
  writeFileSync(path, swap(keyOf(3), 'abc'));
  const { out, err, code } = await cache(['import', path]);
  expect(err).toMatch(
    /^aifd: \S+recording\.json: entry 3 \(line \d+\): key is not .+; nothing was imported\n$/,
  );
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

test('a formatter, a byte order mark and other line ends change nothing', async () => {
  const before = await readAll(file);
  expect(await readAll(JSON.stringify(JSON.parse(file)))).toEqual(before);
  expect(await readAll(JSON.stringify(JSON.parse(file), undefined, '\t'))).toEqual(before);
  expect(await readAll(`\ufeff${file.replaceAll('\n', '\r\n')}`)).toEqual(before);
});
