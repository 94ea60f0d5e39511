import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../src/config/error.ts';
import { load } from '../../src/config/load.ts';
import { aifd, folder } from '../cli/aifd.ts';

/** Loads a folder whose `.env` has these bytes; gives the forward keys, or the problems without the folder. */
function loadBytes(bytes: string | Uint8Array): readonly string[] {
  const cwd = folder();
  writeFileSync(join(cwd, '.env'), bytes);
  try {
    return load({ flags: {}, env: {}, cwd }).config.forwardKey;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => problem.replace(`${cwd}/`, ''));
  }
}

const text = 'FORWARD_KEY=fk-0123456789\n';
const swapped = Buffer.from(text, 'utf16le').swap16();
const encodings: [string, Uint8Array][] = [
  ['UTF-16 LE with a mark, as PowerShell writes', Buffer.from(`\uFEFF${text}`, 'utf16le')],
  ['UTF-16 BE with a mark', Buffer.concat([Buffer.from([0xfe, 0xff]), swapped])],
  ['UTF-16 without a mark', Buffer.from(text, 'utf16le')],
];

test.each(encodings)('%s is refused', (_, bytes) => {
  expect(loadBytes(bytes)).toEqual([
    expect.stringMatching(/^\.env .*UTF-16.*: save it as UTF-8$/),
  ] as unknown as string[]);
});

test('bytes that are not UTF-8 are refused', () => {
  expect(loadBytes(Buffer.from(`# Schl\u00fcssel\n${text}`, 'latin1'))).toEqual([
    '.env is not valid UTF-8 (UTF-16, or an older encoding of Windows?): save it as UTF-8',
  ]);
});

test('a UTF-8 byte order mark is passed over', () => {
  expect(loadBytes(`\uFEFF${text}`)).toEqual(['fk-0123456789']);
});

test('a second one is named', () => {
  expect(loadBytes(`\uFEFF\uFEFF${text}`)).toEqual(['.env line 1 starts with a UTF-8 byte order mark (BOM)']);
});

const lines: [line: string, problem: string][] = [
  ['FORWARD_KEY fk-0123456789', 'is not NAME=value, a comment or blank'],
  ['FORWARD_KEY: fk-0123456789', 'is not NAME=value, a comment or blank'],
  ['FORWARD_KEY', 'is not NAME=value, a comment or blank'],
  ['export FORWARD_KEY', 'is not NAME=value, a comment or blank'],
  ['=fk-0123456789', 'is not NAME=value, a comment or blank'],
  ['FORWARD KEY=fk-0123456789', 'is not NAME=value, a comment or blank'],
  ['FORWARD_KEY="fk-0123456789', 'opens a " that is never closed'],
  ['FORWARD_KEY="fk-0123456789","fk-b"', 'goes on after the closing "'],
  ["FORWARD_KEY='fk-0123456789''", "goes on after the closing '"],
];

test.each(lines)('%p is refused by its number, and its value is not told', (line, problem) => {
  expect(loadBytes(`# one\nHOST="a\nb"\n\n${line}\n`)).toContain(`.env line 5 ${problem}`);
  expect(loadBytes(`\n${line}\n`).join('\n')).not.toContain('0123456789');
});

test('every bad line is told', () => {
  expect(loadBytes('one\nPORT=1\nthree\n')).toHaveLength(2);
});

test.each(['forward_key', 'Forward_Key', 'forward-key'])('%s is not passed over', (name) => {
  expect(loadBytes(`${name}=fk-0123456789\n`)).toEqual([
    `${name} in .env is not an option: did you mean FORWARD_KEY?`,
  ]);
});

test('a name of an option that .env has no say in is', () => {
  const cwd = folder({ '.env': 'forward_key=fk-1\n' });
  expect(load({ flags: {}, env: {}, cwd, setAside: ['forwardKey'] }).warnings).toEqual([]);
});

test('a name that is no option in any case is', () => {
  expect(loadBytes(`something=1\n${text}`)).toEqual(['fk-0123456789']);
});

test('aifd ends with 2 and says which file, for --env-file too', async () => {
  const cwd = folder({ 'other.env': 'FORWARD_KEY fk-0123456789\n' });
  const path = join(cwd, 'other.env');
  expect(await aifd(['run', '--env-file', path])).toEqual({
    out: '',
    err: `aifd: --env-file: ${path} line 1 is not NAME=value, a comment or blank\n`,
    code: 2,
  });
});

test('a pipe is named and not waited for', () => {
  const cwd = folder();
  Bun.spawnSync(['mkfifo', join(cwd, '.env')]);
  expect(() => load({ flags: {}, env: {}, cwd })).toThrow(`${join(cwd, '.env')} is a pipe, and not a file`);
});
