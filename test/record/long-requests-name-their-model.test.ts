import { expect, test } from 'bun:test';
import { PassingJson } from '../../src/openai/passing.ts';

function read(text: string, size: number) {
  const passing = new PassingJson();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    const view = Buffer.from(bytes.subarray(at, at + size));
    passing.chunk(view);
    // None may be kept.
    view.fill(0x7b);
  }
  const { model, stream, truncated } = passing.asked();
  expect([passing.bytes, truncated]).toEqual([bytes.length, true]);
  return { model, stream };
}

const long = [
  { role: 'user', content: `"model": "no", \\"stream": true ${'x'.repeat(300_000)} {"model":"no"}` },
];
const named = { model: 'gpt-ü "4"', stream: true };
const inner = { tools: [{ model: 'no', stream: false }], metadata: { model: 'no', more: { model: 'no' } } };

const found: Readonly<Record<string, unknown>> = {
  first: { ...named, messages: long },
  last: { messages: long, ...named },
  'last, with others behind it': { messages: long, ...named, ...inner },
  'first, with others before it': { ...inner, ...named, messages: long },
  'one at each end': { model: named.model, messages: long, ...inner, stream: true },
};

for (const [name, body] of Object.entries(found))
  for (const size of [1, 7, 1000, 65_536, 1_000_000])
    test(`${name}, in pieces of ${size}`, () => {
      expect(read(JSON.stringify(body), size)).toEqual(named);
      expect(read(`${JSON.stringify(body, null, 2)}\n`, size)).toEqual(named);
    });

test.each([
  ['none', JSON.stringify({ messages: long, ...inner })],
  ['in the middle', JSON.stringify({ messages: long, ...named, more: long })],
  ['no object', JSON.stringify([{ messages: long, ...named }])],
  ['cut off', JSON.stringify({ messages: long, ...named }).slice(0, -1)],
  ['no JSON', 'x'.repeat(300_000)],
])('no model is made up: %s', (_name, text) =>
  expect(read(text, 65_536)).toEqual({ model: '', stream: false }),
);

test('little of it is held', () => {
  const passing = new PassingJson();
  for (let i = 0; i < 1_000; i++) passing.chunk(Buffer.alloc(20_000, '{'));
  const held = Object.values(passing).flatMap((value) =>
    Array.isArray(value) ? (value as Uint8Array[]) : [],
  );
  expect(held.reduce((sum, piece) => sum + piece.length, 0)).toBeLessThan(200_000);
});
