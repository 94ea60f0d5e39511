import { expect, test } from 'bun:test';
import { readQuestion } from '../../src/openai/canonical.ts';
import { Dice } from '../support/random.ts';
import { randomObject, written } from './canonical-documents.ts';
import type { Tree } from './canonical-documents.ts';

const read = (text: string) => readQuestion(Buffer.from(text))?.canonical;

const many = Array.from({ length: 30 }, (_, i) => `"${30 - i}":0,`).join('');

const pairs: [name: string, a: string, b: string][] = [
  ['numbers beyond a double', '{"seed":9007199254740993}', '{"seed":9007199254740992}'],
  ['digits beyond a double', '{"t":0.1}', '{"t":0.10000000000000000001}'],
  ['numbers beyond all doubles', '{"t":1e400}', '{"t":1e401}'],
  ['minus zero', '{"t":0}', '{"t":-0}'],
  ['the order of two members of one key', '{"a":1,"a":2}', '{"a":2,"a":1}'],
  ['how often a member comes', '{"a":1,"a":1}', '{"a":1}'],
  ['the order of two among many', `{${many}"a":1,"a":2}`, `{${many}"a":2,"a":1}`],
  ['a prototype', '{"__proto__":1}', '{}'],
  ['two prototypes', '{"__proto__":{"a":1}}', '{"__proto__":{"a":2}}'],
  ['a number and its text', '{"a":1}', '{"a":"1"}'],
  ['nothing and null', '{}', '{"a":null}'],
  ['white space in a string', '{"a":"b c"}', '{"a":"b  c"}'],
  ['lone surrogates', '{"a":"\\ud800"}', '{"a":"\\ud801"}'],
  ['a lone surrogate and what replaces one', '{"a":"\\ud800"}', '{"a":"\ufffd"}'],
  ['a lone surrogate and its escape as text', '{"a":"\\ud800"}', '{"a":"\\\\ud800"}'],
  ['a composed letter', '{"a":"é"}', '{"a":"e\u0301"}'],
  ['where a string ends', '{"a":["b","c"]}', '{"a":["b\\",\\"c"]}'],
  ['an empty key', '{"":1}', '{"a":1}'],
];

test.each(pairs)('%s', (_, a, b) => {
  expect(read(a)).toBeString();
  expect(read(b)).toBeString();
  expect(read(a)).not.toBe(read(b)!);
});

const leftOut = new Set(['stream', 'stream_options', 'caching', 'user', 'metadata']);

/** All leaves that count, each with a way to make another of it. */
function leaves(tree: Tree, top: boolean): (() => void)[] {
  if (tree.kind === 'word')
    return [() => void (tree.text = tree.text === 'null' ? '7' : `${Number(tree.text) === 4 ? 5 : 4}`)];
  if (tree.kind === 'string') return [() => void (tree.value += '.')];
  if (tree.kind === 'array') return tree.items.flatMap((item) => leaves(item, false));
  return tree.members.flatMap((member) => {
    if (top && leftOut.has(member[0])) return [];
    return [...leaves(member[1], false), () => void (member[0] += '.')];
  });
}

test('any changed leaf or key', () => {
  const dice = new Dice(8);
  let changed = 0;
  for (let round = 0; round < 3000; round++) {
    const tree = randomObject(dice);
    const before = read(written(tree, dice));
    const changes = leaves(tree, true);
    if (changes.length === 0) continue;
    dice.pick(changes)();
    const text = written(tree, dice);
    if (read(text) === before) throw new Error(`not told apart: ${before}\n${text}`);
    changed++;
  }
  expect(changed).toBeGreaterThan(2000);
});
