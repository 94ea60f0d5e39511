import { expect, test } from 'bun:test';
import { parsePrices } from '../../src/config/prices.ts';
import { Prices } from '../../src/record/usage/prices.ts';
import { recordOf } from '../../src/record/usage/usage-sink.ts';
import { happeningWith } from './records.ts';

const prices = new Prices();
const million = { input: 1_000_000, output: 1_000_000, cached: 0 };

test.each([
  ['gpt-4o', 12.5],
  ['GPT-4o', 12.5],
  ['gpt-4o-2024-08-06', 12.5],
  ['gpt-4o-2024-05-13', 20],
  ['gpt-4o-mini', 0.75],
  ['gpt-4o-mini-2024-07-18', 0.75],
  ['gpt-4-0613', 90],
  ['claude-sonnet-4-5-20250929', 18],
  ['claude-3-5-sonnet-latest', 18],
  ['text-embedding-3-small', 0.02],
])('%s costs %f dollars for a million each', (model, dollars) => {
  expect(prices.costOf(model, million)).toBe(Math.round(dollars * 1e9));
});

test.each([
  'gpt-4o-search-preview',
  'ft:gpt-4o:me',
  'gpt-4ox',
  'gpt',
  '',
  '__proto__',
  'constructor',
  'gpt-5-2',
  'openai/gpt-4o',
])('%s is unknown, and not free', (model) => expect(prices.costOf(model, million)).toBeUndefined());

test('cached input has its price', () => {
  expect(prices.costOf('gpt-4o', { input: 100, output: 50, cached: 10 })).toBe(
    90 * 2500 + 10 * 1250 + 50 * 10_000,
  );
  // More cached than there was: an upstream's slip.
  expect(prices.costOf('gpt-4o', { input: 10, output: 0, cached: 99 })).toBe(10 * 1250);
});

test('own prices go before the table, the longest name first', () => {
  const own = new Prices(
    parsePrices(
      '{"gpt-4o":{"input":1,"output":2},"local-*":{"input":0,"output":0},"local-big*":{"input":3}}',
    ),
  );
  const of = (model: string) => own.costOf(model, million);
  expect([of('gpt-4o'), of('gpt-4o-2024-08-06'), of('gpt-4o-mini')]).toEqual([3e9, 3e9, 0.75e9]);
  expect([of('local-llama'), of('local-big-1'), of('other')]).toEqual([0, 3e9, undefined]);
});

test.each([
  ['{', 'no JSON'],
  ['[]', 'no JSON object'],
  ['{"a":1}', 'needs an object'],
  ['{"a":{"output":1}}', 'no input price'],
  ['{"a":{"input":-1}}', 'no price in dollars'],
  ['{"a":{"input":"1"}}', 'no price in dollars'],
  ['{"a":{"input":1e9}}', 'no price in dollars'],
  ['{"a":{"input":1,"ouput":2}}', 'which is no price'],
  ['{"":{"input":1}}', 'empty or too long'],
])('%s is refused', (text, why) => expect(() => parsePrices(text)).toThrow(why));

test('a hit is free and says what it saved', () => {
  const cost = 90 * 2500 + 10 * 1250 + 50 * 10_000;
  expect(recordOf(happeningWith(), prices)).toMatchObject({ cost, saved: 0, isUnpriced: false });
  for (const cache of ['hit', 'stale', 'collapsed'] as const)
    expect(recordOf(happeningWith({ cache }), prices)).toMatchObject({
      cost: 0,
      saved: cost,
      isUnpriced: false,
    });
});

test('an unknown model is unpriced, a refusal without tokens is not', () => {
  expect(recordOf(happeningWith({ model: 'x' }), prices)).toMatchObject({
    cost: undefined,
    isUnpriced: true,
  });
  const refused = happeningWith({ usage: undefined, attempts: 0, status: 401, end: 'refused', model: '' });
  expect(recordOf(refused, prices)).toMatchObject({ cost: undefined, isUnpriced: false, retries: 0 });
});

test('numbers that no token count can be are passed over', () => {
  const usage = { input: -5, output: NaN, cached: Infinity, reasoning: 1e300, reported: true };
  expect(recordOf(happeningWith({ usage }), prices)).toMatchObject({
    input: undefined,
    output: undefined,
    cached: undefined,
    reasoning: undefined,
    isUnpriced: false,
  });
});
