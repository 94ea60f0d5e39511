import { expect, test } from 'bun:test';
import { readQuestion } from '../../src/openai/canonical.ts';
import { Dice } from '../support/random.ts';
import { randomObject, written } from './canonical-documents.ts';

const refused = [
  '',
  ' ',
  'null',
  '1',
  '"a"',
  '[]',
  '[{}]',
  '{',
  '{}x',
  '{}{}',
  '{"a":1,}',
  '{,"a":1}',
  '{"a":NaN}',
  '{"a":Infinity}',
  '{"a":.5}',
  '{"a":01}',
  '{"a":+1}',
  '{"a":1.}',
  '{"a":0x10}',
  '{"a":undefined}',
  '{a:1}',
  "{'a':1}",
  '{"a":1}//',
  '/**/{"a":1}',
  '{"a":"\n"}',
  '{"a":"\u0000"}',
  '{"a":"\\x41"}',
  '{"a":"\\u12"}',
  '{"a":"b}',
  '{"a" 1}',
  '{"a":1 "b":2}',
  '{"a":[1 2]}',
  '{"a":[1}}',
  '\u00a0{}',
  '\ufeff\ufeff{}',
];

test.each(refused)('%j is no question', (text) => {
  expect(readQuestion(Buffer.from(text))).toBeUndefined();
});

test('bytes that are not UTF-8 are no question', () => {
  for (const hex of ['ff', 'c080', 'eda080', 'e4b8', 'f4908080', '80']) {
    const bytes = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(hex, 'hex'), Buffer.from('"}')]);
    expect(readQuestion(bytes)).toBeUndefined();
  }
  // The one before left nothing behind.
  expect(readQuestion(Buffer.from('{"a":"中"}'))!.canonical).toBe('{"a":"中"}');
});

test('one BOM is no part of it', () => {
  expect(readQuestion(Buffer.from('\ufeff {"a":1}'))!.canonical).toBe('{"a":1}');
});

const objects = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const arrays = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;

test('200 levels are read, more are no question', () => {
  for (const nested of [objects, arrays]) {
    expect(readQuestion(Buffer.from(nested(200)))!.canonical).toBe(nested(200));
    for (const levels of [201, 1e5]) expect(readQuestion(Buffer.from(nested(levels)))).toBeUndefined();
  }
  // Brackets in a string are none.
  expect(readQuestion(Buffer.from(`{"a":"${'['.repeat(1000)}"}`))).toBeDefined();
});

test('damaged documents are taken as JSON.parse takes them', () => {
  const dice = new Dice(7);
  const pieces = [
    '"',
    '\\',
    ',',
    ':',
    '{',
    '}',
    '[',
    ']',
    ' ',
    '\n',
    '\0',
    '1',
    '-',
    'e',
    '.',
    'u',
    'true',
    'é',
    '\\"',
  ];
  let [accepted, rejected] = [0, 0];
  for (let round = 0; round < 8000; round++) {
    const text = damaged(written(randomObject(dice, 3), dice));
    const question = readQuestion(Buffer.from(text));
    const meant = parsed(text);
    if ((question === undefined) !== (meant === undefined))
      throw new Error(`JSON.parse says otherwise of ${text}`);
    if (question === undefined) rejected++;
    else {
      accepted++;
      for (const key of ['stream', 'stream_options', 'caching', 'user', 'metadata']) delete meant![key];
      expect(JSON.parse(question.canonical)).toEqual(meant);
    }
  }
  expect(accepted).toBeGreaterThan(1000);
  expect(rejected).toBeGreaterThan(1000);

  function damaged(text: string): string {
    const at = dice.int(0, text.length);
    return text.slice(0, at) + (dice.chance(0.7) ? dice.pick(pieces) : '') + text.slice(at + dice.int(0, 1));
  }
});

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    // As it comes over the wire: a pair that was cut apart is replaced.
    const value: unknown = JSON.parse(Buffer.from(text).toString());
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
