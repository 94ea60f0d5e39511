import { expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import { json, read, readText } from './usage.ts';

const chat = { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 };
const details = { cached: undefined as number | undefined, reasoning: undefined as number | undefined };
const found = {
  ...details,
  input: 9,
  output: 12,
  total: 21,
  reported: true,
  events: 0,
  text: 0,
  complete: true,
};
const message = { role: 'assistant', content: 'Hello there' };
const answer = { id: 'x', choices: [{ index: 0, message, finish_reason: 'stop' }] };

test.each([
  ['chat', { ...answer, usage: chat, system_fingerprint: 'fp' }, found],
  ['usage first', { usage: chat, ...answer }, found],
  [
    'details within',
    { usage: { ...chat, prompt_tokens_details: { cached_tokens: 5 } }, ...answer },
    { ...found, cached: 5 },
  ],
  [
    'Responses',
    { output: [], usage: { input_tokens: 9, output_tokens: 12, total_tokens: 21 }, user: null },
    found,
  ],
  ['Anthropic', { content: [], usage: { input_tokens: 9, output_tokens: 12 } }, found],
  [
    'embeddings',
    { data: [{ embedding: [0.5] }], usage: { prompt_tokens: 8, total_tokens: 8 } },
    { ...found, input: 8, output: undefined, total: 8 },
  ],
  [
    'transcription',
    { text: 'hi', usage: { type: 'tokens', input_tokens: 14, output_tokens: 2, total_tokens: 16 } },
    { ...found, input: 14, output: 2, total: 16 },
  ],
])('%s', async (_, body, expected) => {
  expect(await readText(JSON.stringify(body), json)).toEqual(expected);
  expect(await readText(JSON.stringify(body, null, 2), json)).toEqual(expected);
  expect(await read([gzipSync(JSON.stringify(body))], { ...json, encoding: 'gzip' })).toEqual(expected);
});

const none = {
  ...details,
  input: undefined,
  output: undefined,
  total: undefined,
  reported: false,
  events: 0,
  complete: true,
};

test.each([
  ['no usage', {}],
  ['null', { usage: null }],
  ['nothing but zeros', { usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } }],
  ['words for numbers', { usage: { prompt_tokens: 'nine' } }],
  ['not at the top', { x: { usage: chat } }],
  ['in a list', { x: [{ usage: chat }] }],
  ['said by the model', { x: `{"usage":${JSON.stringify(chat)}}` }],
])('%s: what came is estimated', async (_, more) => {
  // 11 bytes of content.
  expect(await readText(JSON.stringify({ ...answer, ...more }), json)).toEqual({ ...none, text: 3 });
  expect(await readText(JSON.stringify({ ...more, ...answer }), json)).toEqual({ ...none, text: 3 });
});

test('an error costs nothing', async () => {
  const error = { error: { message: 'no such model', type: 'invalid_request_error', code: null } };
  expect(await readText(JSON.stringify(error), json)).toEqual({ ...none, text: 0, failed: true });
});

test('usage past a megabyte is found wherever it stands at the top', async () => {
  const data = Array.from({ length: 300 }, () => ({ embedding: 'A]}"\\'.repeat(1000) }));
  expect(await readText(JSON.stringify({ data, usage: chat, x: ['"]'] }), json)).toEqual(found);
  expect(await readText(JSON.stringify({ data, x: { usage: chat } }), json)).toEqual({ ...none, text: 0 });
  expect(await readText(JSON.stringify({ usage: chat, data }), json)).toEqual(found);
});

test('seconds of sound are told beside the text', async () => {
  const body = { text: 'Hello there', usage: { type: 'duration', seconds: 3 } };
  expect(await readText(JSON.stringify(body), json)).toEqual({ ...none, text: 3, seconds: 3 });
});

test('an answer that was cut short is told from one that is whole', async () => {
  const text = JSON.stringify({ ...answer, usage: chat });
  expect(await readText(text.slice(0, -1), { ...json, cut: true })).toEqual({ ...found, complete: false });
  const early = text.slice(0, text.indexOf('there'));
  expect(await readText(early, { ...json, cut: true })).toEqual({ ...none, text: 2, complete: false });
  const nested = JSON.stringify({ x: { usage: chat }, ...answer });
  const nestedEarly = nested.slice(0, nested.indexOf('there'));
  expect(await readText(nestedEarly, { ...json, cut: true })).toEqual({ ...none, text: 2, complete: false });
});

test('what holds no usage is let pass, what cannot be decoded is not complete', async () => {
  expect(await readText('ID3', { type: 'audio/mpeg' })).toEqual({ ...none, text: 0 });
  const coded = await readText('???', { ...json, encoding: 'compress' });
  expect(coded).toEqual({ ...none, text: 0, complete: false });
  const junk = await readText('junk', { ...json, encoding: 'gzip' });
  expect(junk).toEqual({ ...none, text: 0, complete: false });
});

test.each(['', '{', '[]', 'null', '"usage"', '{"usage":{', '{"usage":', '['.repeat(100_000)])(
  'odd body %#: nothing is found',
  async (text) => {
    expect(await readText(text, json)).toEqual({ ...none, text: 0 });
  },
);
