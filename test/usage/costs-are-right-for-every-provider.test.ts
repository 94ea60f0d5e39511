import { expect, test } from 'bun:test';
import { parsePrices } from '../../src/config/prices.ts';
import { Prices } from '../../src/record/usage/prices.ts';
import { recordOf } from '../../src/record/usage/usage-sink.ts';
import { tokensOf } from '../../src/gateway/observe/watch.ts';
import { chunk, json, readText, sse, stream } from '../record/usage.ts';
import { happeningWith } from './records.ts';

const own = parsePrices(
  JSON.stringify({
    'deepseek-chat': { input: 0.28, cached: 0.028, output: 0.42 },
    'command-r': { input: 0.15, output: 0.6 },
    'rerank-m': { input: 0.05 },
    'grok-m': { input: 0.2, cached: 0.05, output: 0.5 },
    'half-known': { input: 4, cache_write: 5, output: 8, audio_input: 16 },
  }),
);
const prices = new Prices(own);

/** What an exchange costs, in dollars. */
async function cost(model: string, text: string, given = json): Promise<number | undefined> {
  const usage = tokensOf(await readText(text, given));
  const record = recordOf(happeningWith({ model, usage }), prices);
  expect(record.isReported).toBe(true);
  return record.cost === undefined ? undefined : record.cost / 1e9;
}

// Each sum is written as tokens × dollars a million.
const cached = { prompt_tokens_details: { cached_tokens: 6000 } };
const anthropic = {
  input_tokens: 3,
  cache_creation_input_tokens: 2000,
  cache_read_input_tokens: 50_000,
  cache_creation: { ephemeral_5m_input_tokens: 2000, ephemeral_1h_input_tokens: 0 },
  output_tokens: 100,
};
const hour = { ephemeral_5m_input_tokens: 500, ephemeral_1h_input_tokens: 1500 };
const gemini = { promptTokenCount: 8000, candidatesTokenCount: 100, thoughtsTokenCount: 900 };

test.each<[string, string, object, number]>([
  ['OpenAI', 'gpt-4o', { prompt_tokens: 1000, completion_tokens: 200 }, 1000 * 2.5 + 200 * 10],
  [
    'OpenAI, cached',
    'gpt-4o',
    { prompt_tokens: 10_000, completion_tokens: 200, ...cached },
    4000 * 2.5 + 6000 * 1.25 + 200 * 10,
  ],
  [
    'OpenAI, reasoning is of the output',
    'o3',
    { prompt_tokens: 100, completion_tokens: 900, completion_tokens_details: { reasoning_tokens: 800 } },
    100 * 2 + 900 * 8,
  ],
  [
    'Responses, cached',
    'gpt-5',
    { input_tokens: 9000, output_tokens: 100, input_tokens_details: { cached_tokens: 8000 } },
    1000 * 1.25 + 8000 * 0.125 + 100 * 10,
  ],
  [
    'audio in and out',
    'gpt-4o-audio-preview',
    {
      prompt_tokens: 1000,
      completion_tokens: 500,
      prompt_tokens_details: { audio_tokens: 900 },
      completion_tokens_details: { audio_tokens: 400 },
    },
    100 * 2.5 + 900 * 40 + 100 * 10 + 400 * 80,
  ],
  [
    'Realtime, cached text and audio',
    'gpt-realtime',
    {
      input_tokens: 1000,
      output_tokens: 300,
      input_token_details: {
        text_tokens: 400,
        audio_tokens: 600,
        cached_tokens: 500,
        cached_tokens_details: { text_tokens: 300, audio_tokens: 200 },
      },
      output_token_details: { text_tokens: 100, audio_tokens: 200 },
    },
    100 * 4 + 300 * 0.4 + 400 * 32 + 200 * 0.4 + 100 * 16 + 200 * 64,
  ],
  [
    'images',
    'gpt-image-1',
    { input_tokens: 250, output_tokens: 4160, input_tokens_details: { text_tokens: 50, image_tokens: 200 } },
    50 * 5 + 200 * 10 + 4160 * 40,
  ],
  ['embeddings', 'text-embedding-3-small', { prompt_tokens: 8000, total_tokens: 8000 }, 8000 * 0.02],
  ['rerank', 'rerank-m', { total_tokens: 15_000 }, 15_000 * 0.05],
  [
    'transcription, tokens',
    'gpt-4o-transcribe',
    { type: 'tokens', input_tokens: 140, output_tokens: 20, input_token_details: { audio_tokens: 140 } },
    140 * 6 + 20 * 10,
  ],
  ['transcription, seconds', 'whisper-1', { type: 'duration', seconds: 90 }, 1.5 * 0.006 * 1e6],
  ['Anthropic', 'claude-sonnet-4-5', anthropic, 3 * 3 + 2000 * 3.75 + 50_000 * 0.3 + 100 * 15],
  [
    'Anthropic, written for an hour',
    'claude-opus-4-5',
    { ...anthropic, cache_creation: hour },
    3 * 5 + 500 * 6.25 + 1500 * 10 + 50_000 * 0.5 + 100 * 25,
  ],
  [
    'LiteLLM, Anthropic in the form of OpenAI',
    'claude-sonnet-4-5',
    { ...anthropic, prompt_tokens: 52_003, completion_tokens: 100, total_tokens: 52_103 },
    3 * 3 + 2000 * 3.75 + 50_000 * 0.3 + 100 * 15,
  ],
  [
    'DeepSeek',
    'deepseek-chat',
    {
      prompt_tokens: 900,
      completion_tokens: 50,
      prompt_cache_hit_tokens: 800,
      prompt_cache_miss_tokens: 100,
    },
    100 * 0.28 + 800 * 0.028 + 50 * 0.42,
  ],
  [
    'xAI, reasoning beside the output',
    'grok-m',
    {
      prompt_tokens: 100,
      completion_tokens: 10,
      total_tokens: 410,
      prompt_tokens_details: { cached_tokens: 40 },
      completion_tokens_details: { reasoning_tokens: 300 },
    },
    60 * 0.2 + 40 * 0.05 + 310 * 0.5,
  ],
  [
    'Cohere, what is billed',
    'command-r',
    {
      billed_units: { input_tokens: 100, output_tokens: 50 },
      tokens: { input_tokens: 500, output_tokens: 60 },
    },
    100 * 0.15 + 50 * 0.6,
  ],
  [
    'prices that are not given are those of plain input and output',
    'half-known',
    { ...anthropic, cache_creation: hour, input_tokens_details: { audio_tokens: 3 } },
    50_000 * 4 + 2000 * 5 + 3 * 16 + 100 * 8,
  ],
])('%s', async (_, model, usage, millionths) => {
  expect(await cost(model, JSON.stringify({ text: 'hi', usage }))).toBeCloseTo(millionths / 1e6, 9);
  const events = sse(chunk({ content: 'hi' }), { choices: [], usage });
  expect(await cost(model, events, stream)).toBeCloseTo(millionths / 1e6, 9);
});

test('Anthropic, streamed', async () => {
  const start = { type: 'message_start', message: { usage: { ...anthropic, output_tokens: 1 } } };
  const end = { type: 'message_delta', delta: {}, usage: { output_tokens: 100 } };
  expect(await cost('claude-sonnet-4-5', sse(start, end), stream)).toBeCloseTo(0.024009, 9);
});

test('Gemini: thoughts are output, cached input has its price, audio too', async () => {
  const text = 8000 * 0.3 + 1000 * 2.5;
  expect(await cost('gemini-2.5-flash', JSON.stringify({ usageMetadata: gemini }))).toBeCloseTo(
    text / 1e6,
    9,
  );
  const usageMetadata = {
    ...gemini,
    cachedContentTokenCount: 5000,
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: 7000 },
      { modality: 'AUDIO', tokenCount: 1000 },
    ],
    cacheTokensDetails: [{ modality: 'TEXT', tokenCount: 5000 }],
  };
  const parts = 2000 * 0.3 + 5000 * 0.03 + 1000 * 1 + 1000 * 2.5;
  expect(await cost('gemini-2.5-flash', JSON.stringify([{ usageMetadata }]))).toBeCloseTo(parts / 1e6, 9);
});

test('a stream that was cut costs its cached prompt and what came, as an estimate', async () => {
  const start = { type: 'message_start', message: { usage: anthropic } };
  const said = { type: 'content_block_delta', delta: { type: 'text_delta', text: 'Hello there.' } };
  const usage = tokensOf(await readText(sse(start, said), { ...stream, cut: true }));
  const record = recordOf(happeningWith({ model: 'claude-sonnet-4-5', usage }), prices);
  expect(record).toMatchObject({ isReported: false, input: 52_003, cached: 50_000, output: 3 });
  expect(record.cost! / 1e9).toBeCloseTo((3 * 3 + 2000 * 3.75 + 50_000 * 0.3 + 3 * 15) / 1e6, 9);
});

test('seconds of sound without a price are unpriced, and not free', async () => {
  const usage = tokensOf(await readText('{"text":"hi","usage":{"type":"duration","seconds":5}}', json));
  for (const model of ['x', 'gpt-4o'])
    expect(recordOf(happeningWith({ model, usage }), prices)).toMatchObject({ isUnpriced: true });
});
