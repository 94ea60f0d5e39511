import { expect, test } from 'bun:test';
import { readJson, readJsonExactly } from '../../src/record/chatlog/literal-json.ts';
import { pythonLiteral } from '../../src/record/chatlog/literal.ts';
import { readLiteral } from '../../src/record/chatlog/literal-read.ts';
import { python, samplesOf } from './python.ts';

const seed = Number(process.env.FUZZ_SEED ?? 1);
const count = Number(process.env.FUZZ_COUNT ?? 2000);

test.skipIf(python === undefined)(
  'random values are written as repr writes them, and read as literal_eval reads them',
  async () => {
    const samples = await samplesOf(seed, count);
    expect(samples).toHaveLength(count);
    for (const { json, repr, damaged } of samples) {
      const value = readJsonExactly(json);
      expect(pythonLiteral(value)).toBe(repr);
      expect(pythonLiteral(readJson(json))).toBe(repr);
      expect(readLiteral(repr)).toEqual(value);
      for (const [text, read] of damaged) expect([text, literalOr(text)]).toEqual([text, exactOr(read)]);
    }
  },
  60_000,
);

function literalOr(text: string): string | null {
  try {
    return pythonLiteral(readLiteral(text));
  } catch {
    return null;
  }
}

function exactOr(json: string | null): string | null {
  return json === null ? null : pythonLiteral(readJsonExactly(json));
}

test('values that Python has in another form', () => {
  const values: [unknown, string][] = [
    [undefined, 'None'],
    [2 ** 53, '9007199254740992'],
    [1e21, '1000000000000000000000'],
    [Infinity, '1e999'],
    [1.5e-7, '1.5e-07'],
    [0.0001, '0.0001'],
    [-0, '0'],
    ["it's", '"it\'s"'],
    ['it\'s "so"', "'it\\'s \"so\"'"],
    ['中文 é 😀', "'中文 é 😀'"],
    ['\u2028\u00a0\u{e0001}', "'\\u2028\\xa0\\U000e0001'"],
    [JSON.parse('{"__proto__": 1}'), "{'__proto__': 1}"],
  ];
  for (const [value, literal] of values) expect(pythonLiteral(value)).toBe(literal);
});

test('nesting that CPython can not read is cut', () => {
  const deep = readJson('['.repeat(5000) + ']'.repeat(5000));
  expect(pythonLiteral(deep)).toBe(`${'['.repeat(100)}'…'${']'.repeat(100)}`);
  expect(() => readLiteral('['.repeat(5000))).toThrow('not a Python literal');
  expect(() => readLiteral('('.repeat(5000))).toThrow('not a Python literal');
});
