import { expect, test } from 'bun:test';
import { estimateTokens, textQuarters } from '../../src/openai/usage/estimate.ts';

const prompt = (body: unknown) => estimateTokens(body).prompt;
const completion = (body: unknown) => estimateTokens(body).completion;
/** What the frame of one message costs. */
const FRAME = 4;
const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });

test.each([
  ['', 0],
  ['abcd', 4],
  ['abcde', 5],
  ['é', 2],
  ['中文', 8],
  ['「中」', 12],
  ['ひらカナ한국', 24],
  ['a中b', 6],
  ['😀', 4],
  ['𠀀', 4],
  ['\ud800', 3],
])('%j is %i quarter tokens', (text, quarters) => {
  expect(textQuarters(text)).toBe(quarters);
});

test('a message costs its text and its frame', () => {
  expect(prompt(user('a'.repeat(400)))).toBe(100 + FRAME);
  expect(prompt(user('中'.repeat(100)))).toBe(100 + FRAME);
  expect(prompt(user('abc'))).toBe(1 + FRAME);
});

test('parts cost their text, and media a flat price whatever its bytes', () => {
  const url = `data:image/png;base64,${'A'.repeat(100_000)}`;
  const parts = [
    { type: 'text', text: 'abcdefgh' },
    { type: 'image_url', image_url: { url, detail: 'high' } },
    { type: 'input_audio', input_audio: { data: 'A'.repeat(1000), format: 'wav' } },
  ];
  expect(prompt(user(parts))).toBe(2 + 85 + 85 + FRAME);
  const source = { type: 'base64', media_type: 'image/png', data: 'A'.repeat(1000) };
  expect(prompt(user([{ type: 'image', source }]))).toBe(85 + FRAME);
});

test('tools and calls count', () => {
  const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }];
  const bytes = JSON.stringify(tools).length;
  expect(Math.abs(prompt({ tools }) - bytes / 4)).toBeLessThan(4);
  expect(Math.abs(prompt({ functions: tools }) - bytes / 4)).toBeLessThan(4);
  const call = { id: 'c', type: 'function', function: { name: 'name', arguments: '{"a":123}' } };
  const answered = { messages: [{ role: 'assistant', content: null, tool_calls: [call] }] };
  expect(prompt(answered)).toBe(Math.ceil(13 / 4) + FRAME);
  const blocks = [{ type: 'tool_use', id: 't', name: 'abcd', input: { city: 'Paris' } }];
  expect(prompt(user(blocks))).toBeGreaterThan(1 + FRAME + 3);
});

test.each(['prompt', 'input'])('`%s` is a text, texts, token ids or arrays of those', (name) => {
  expect(prompt({ [name]: 'abcdefgh' })).toBe(2);
  expect(prompt({ [name]: ['abcdefgh', 'abcd'] })).toBe(3);
  expect(prompt({ [name]: [15, 200_000, 3] })).toBe(3);
  expect(prompt({ [name]: [[1, 2, 3], [4, 5], 'abcd'] })).toBe(6);
  const ids = Array.from({ length: 300_000 }, (_, i) => i);
  expect(prompt({ [name]: [ids, ids] })).toBe(600_000);
});

test('a Responses body counts its input and instructions', () => {
  expect(prompt({ input: 'abcd', instructions: 'abcdefgh' })).toBe(3);
  const content = [
    { type: 'input_text', text: 'abcd' },
    { type: 'input_image', image_url: 'x'.repeat(999) },
  ];
  const output = { type: 'function_call_output', call_id: 'c', output: 'abcd' };
  expect(prompt({ input: [{ role: 'user', content }, output] })).toBe(1 + 85 + 1 + FRAME);
});

test('the asked maximum is for each choice of each prompt', () => {
  expect(completion({ max_tokens: 10 })).toBe(10);
  expect(completion({ max_completion_tokens: 20, max_tokens: 10 })).toBe(20);
  expect(completion({ max_output_tokens: 30 })).toBe(30);
  expect(completion({ max_tokens: 10, n: 3 })).toBe(30);
  expect(completion({ max_tokens: 10, best_of: 4 })).toBe(40);
  expect(completion({ max_tokens: 10, n: 2, best_of: 4 })).toBe(40);
  expect(completion({ max_tokens: 10, prompt: ['a', 'b', 'c'], n: 2 })).toBe(60);
  expect(completion({ max_tokens: 10, prompt: [[1, 2], [3]] })).toBe(20);
  expect(completion({ max_tokens: 10, prompt: [1, 2, 3] })).toBe(10);
  expect(completion({ messages: [] })).toBe(0);
});
