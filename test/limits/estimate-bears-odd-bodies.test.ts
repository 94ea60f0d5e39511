import { expect, test } from 'bun:test';
import { estimateTokens } from '../../src/openai/usage/estimate.ts';
import { Dice } from '../support/random.ts';

test('what is no request costs nothing', () => {
  for (const body of [undefined, null, 1, 'text', true, [], [1, 2], {}]) {
    expect(estimateTokens(body)).toEqual({ prompt: 0, completion: 0 });
  }
});

test.each([
  ['100', 100],
  [' 1e2 ', 100],
  [1.5, 2],
  [2 ** 53 + 2, Number.MAX_SAFE_INTEGER],
  [1e300, Number.MAX_SAFE_INTEGER],
  [Infinity, Number.MAX_SAFE_INTEGER],
])('a maximum of %p is %p', (odd, most) => {
  expect(estimateTokens({ max_tokens: odd }).completion).toBe(most);
  expect(estimateTokens({ max_completion_tokens: odd, max_tokens: 1 }).completion).toBe(most);
});

test.each([
  { max_output_tokens: 70 },
  { Max_Tokens: 70 },
  { maxTokens: 70 },
  { num_predict: 70 },
  { generationConfig: { maxOutputTokens: 70 } },
  { generation_config: { max_output_tokens: '70' } },
  { options: { num_predict: 70 } },
  { response: { max_output_tokens: 70 } },
  { max_tokens: 35, n: '2' },
  { generationConfig: { maxOutputTokens: 10, candidateCount: 7 } },
])('a maximum is read by any of its names: %j', (body) => {
  expect(estimateTokens(body).completion).toBe(70);
});

test.each(['x', '', null, -1, 0, NaN, {}, true])('a maximum of %p is none', (odd) => {
  expect(estimateTokens({ max_tokens: odd }).completion).toBe(0);
  expect(estimateTokens({ max_completion_tokens: odd, max_tokens: 7 }).completion).toBe(7);
  expect(estimateTokens({ max_tokens: 7, n: odd, best_of: odd }).completion).toBe(7);
});

test('a huge maximum stays a safe number', () => {
  const { completion } = estimateTokens({ max_tokens: 2 ** 52, n: 2 ** 52, prompt: ['a', 'b'] });
  expect(completion).toBe(Number.MAX_SAFE_INTEGER);
});

test.each(['messages', 'tools', 'input', 'prompt', 'system', 'instructions', 'functions'])(
  'deep nesting in `%s` is walked without recursion, and to a bound',
  (name) => {
    const inArrays = JSON.parse(`{"${name}":${'['.repeat(200_000)}"x"${']'.repeat(200_000)}}`);
    let inObjects: object = {};
    for (let i = 0; i < 200_000; i++) inObjects = { content: inObjects, input: inObjects };
    for (const body of [inArrays, { [name]: inObjects }]) {
      const { prompt } = estimateTokens(body);
      expect(Number.isSafeInteger(prompt)).toBe(true);
      expect(prompt).toBeLessThan(1_000_000);
    }
  },
);

test('whatever stands wherever, it gives whole numbers', () => {
  const dice = new Dice(4);
  const names = [
    'messages',
    'content',
    'role',
    'type',
    'text',
    'tools',
    'function',
    'arguments',
    'input',
    'prompt',
  ];
  const types = ['text', 'image_url', 'tool_use', 'user', '中', ''];
  const odd = (depth: number): unknown => {
    const kind = depth > 5 ? dice.int(0, 4) : dice.int(0, 7);
    if (kind < 5) return [null, true, dice.int(-5, 5), dice.pick(types), 1e308][kind];
    const size = dice.int(0, 4);
    if (kind === 5) return Array.from({ length: size }, () => odd(depth + 1));
    return Object.fromEntries(Array.from({ length: size }, () => [dice.pick(names), odd(depth + 1)]));
  };
  let some = 0;
  for (let round = 0; round < 5000; round++) {
    const body = { messages: odd(0), tools: odd(0), input: odd(0), max_tokens: odd(6), n: odd(6) };
    const { prompt, completion } = estimateTokens(body);
    expect(Number.isSafeInteger(prompt) && prompt >= 0).toBe(true);
    expect(Number.isSafeInteger(completion) && completion >= 0).toBe(true);
    if (prompt > 0) some++;
  }
  expect(some).toBeGreaterThan(1000);
});
