import { expect, test } from 'bun:test';
import { readQuestion } from '../../src/openai/canonical.ts';
import { Dice } from '../support/random.ts';
import { randomObject, written } from './canonical-documents.ts';
import type { ObjectTree, Tree } from './canonical-documents.ts';

const leftOut = ['stream', 'stream_options', 'caching', 'user', 'metadata'];

/** The canonical form by its definition, from the tree instead of a text. */
function canonicalOf(tree: Tree, top = false): string {
  if (tree.kind === 'word') return tree.text;
  if (tree.kind === 'string') return JSON.stringify(tree.value);
  if (tree.kind === 'array') return `[${tree.items.map((item) => canonicalOf(item)).join(',')}]`;
  const members = tree.members.filter(([key]) => !top || !leftOut.includes(key));
  const sorted = members.toSorted(([a], [b]) => Number(a > b) - Number(a < b));
  return `{${sorted.map(([key, value]) => `${JSON.stringify(key)}:${canonicalOf(value)}`).join(',')}}`;
}

const read = (text: string) => readQuestion(Buffer.from(text));

test('key order, white space and escapes change nothing', () => {
  const dice = new Dice(5);
  for (let round = 0; round < 3000; round++) {
    const tree: ObjectTree = randomObject(dice);
    const expected = canonicalOf(tree, true);
    for (let i = 0; i < 3; i++) {
      const text = written(tree, dice);
      const canonical = read(text)?.canonical;
      if (canonical !== expected) throw new Error(`${text}\n${canonical}\n${expected}`);
    }
  }
});

test('the canonical form is its own canonical form, and means the same', () => {
  const dice = new Dice(6);
  for (let round = 0; round < 1000; round++) {
    const text = written(randomObject(dice), dice);
    const { canonical } = read(text)!;
    expect(read(canonical)!.canonical).toBe(canonical);
    const meant = JSON.parse(text) as Record<string, unknown>;
    for (const key of leftOut) delete meant[key];
    expect(JSON.parse(canonical)).toEqual(meant);
  }
});

test('what says how the answer comes is left out, but only of the body itself', () => {
  const bare = '{"a":{"caching":1,"metadata":2,"stream":3,"stream_options":4,"user":5}}';
  const more =
    '"stream":true,"user":"u","metadata":{"a":[1]},"stream_options":{"include_usage":true},"caching":false';
  expect(read(`{${more},${bare.slice(1)}`)!.canonical).toBe(bare);
  expect(read(`{"\\u0073tream":true,${bare.slice(1)}`)!.canonical).toBe(bare);
});

function question(text: string): unknown[] {
  const { model, stream, includeUsage } = read(text)!;
  return [model, stream, includeUsage];
}

test('what else is asked is read beside it', () => {
  expect(question('{"model":"gpt","stream":true,"stream_options":{"include_usage":true}}')).toEqual([
    'gpt',
    true,
    true,
  ]);
  expect(question('{"model":7,"stream":1,"stream_options":{"include_usage":"true"}}')).toEqual([
    '',
    false,
    false,
  ]);
  expect(question('{"stream":"true","stream_options":[true]}')).toEqual(['', false, false]);
  expect(question('{"stream_options":null}')).toEqual(['', false, false]);
  expect(question('{"__proto__":{"model":"x","stream":true}}')).toEqual(['', false, false]);
  expect(question('{"stream_options":{"__proto__":{"include_usage":true}}}')).toEqual(['', false, false]);
});
