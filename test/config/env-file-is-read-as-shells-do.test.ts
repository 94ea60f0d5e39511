import { expect, test } from 'bun:test';
import { parseEnvFile } from '../../src/config/env-file.ts';

const values: [line: string, value: string][] = [
  ['A=fk-aaa#x0123', 'fk-aaa#x0123'],
  ['A=fk-aaa # a comment', 'fk-aaa'],
  ['A=fk-aaa\t# a comment', 'fk-aaa'],
  ['A=#fk', '#fk'],
  ['A= # only a comment', ''],
  ['A=', ''],
  ['  A =  spaced out  ', 'spaced out'],
  ['export A=1', '1'],
  ['export\tA=1', '1'],
  ['A=a=b=c', 'a=b=c'],
  ['A=a"b"c', 'a"b"c'],
  ['A=a\\nb', 'a\\nb'],
  ['A=$HOME', '$HOME'],
  ['A="a # b" # c', 'a # b'],
  ["A='a # b'#c", 'a # b'],
  ['A=`a "b" \'c\'`', 'a "b" \'c\''],
  ['A="a\\nb\\r\\t\\x"', 'a\nb\r\\t\\x'],
  ['A="a\\\\nb"', 'a\\\\nb'],
  ['A="a\\"b"', 'a\\"b'],
  ["A='a\\nb'", 'a\\nb'],
  ['A="a\n# b\nc"', 'a\n# b\nc'],
];

test.each(values)('%p', (text, value) => {
  const read = parseEnvFile(`# before\n\n${text}\nNEXT=1\n`);
  expect(read).toEqual({ variables: { A: value, NEXT: '1' }, problems: [] });
});

test('lines may end as on Windows or an old Mac, and the last without an end', () => {
  expect(parseEnvFile('A=1\r\nB="x\r\ny"\rC=3').variables).toEqual({ A: '1', B: 'x\ny', C: '3' });
});

test('the last of two lines with one name counts', () => {
  expect(parseEnvFile('A=1\nA=2\n').variables).toEqual({ A: '2' });
});
