import { expect, test } from 'bun:test';
import { Dice } from '../support/random.ts';
import { DONE, chunk, json, read, readText, sse, stream } from './usage.ts';
import type { Given } from './usage.ts';

const openai = { prompt_tokens: 700, completion_tokens: 80, total_tokens: 780 };
const lines: Given = { type: 'application/x-ndjson' };
const hi = chunk({ content: 'hi' });
const none = { choices: [] };
const zeros = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
const gemini = {
  promptTokenCount: 700,
  candidatesTokenCount: 60,
  thoughtsTokenCount: 20,
  cachedContentTokenCount: 300,
  totalTokenCount: 780,
};
const anthropic = { input_tokens: 100, cache_creation_input_tokens: 200, cache_read_input_tokens: 400 };
const started = { type: 'message_start', message: { usage: { ...anthropic, output_tokens: 1 } } };
const spoken = { type: 'content_block_delta', delta: { type: 'text_delta', text: 'hi' } };
const ollama = { model: 'm', message: { role: 'assistant', content: 'hi' }, done: false };
const llama = { content: '', stop: true, tokens_evaluated: 700, tokens_predicted: 80, tokens_cached: 779 };
const said = { role: 'assistant', content: 'hi' };
const ndjson = (...messages: object[]): string =>
  messages.map((each) => `${JSON.stringify(each)}\n`).join('');

const streams: [string, Given, string][] = [
  ['in a chunk without choices', stream, sse(hi, { ...none, usage: openai }, DONE)],
  ['beside choices', stream, sse(hi, chunk({}, { usage: openai }), DONE)],
  ['last but one', stream, sse(hi, { ...none, usage: openai }, { ...none, usage: null }, none, DONE)],
  ['before zeros', stream, sse(hi, { ...none, usage: openai }, chunk({}, { usage: zeros }), DONE)],
  [
    'in every chunk, where the last counts',
    stream,
    sse(
      chunk({ content: 'h' }, { usage: { ...openai, completion_tokens: 1, total_tokens: 701 } }),
      chunk({}, { usage: openai }),
    ),
  ],
  [
    'in every chunk, the prompt in the first only',
    stream,
    sse(
      chunk({ content: 'h' }, { usage: { prompt_tokens: 700 } }),
      chunk({}, { usage: { completion_tokens: 80 } }),
    ),
  ],
  ['Groq', stream, sse(hi, chunk({}, { x_groq: { id: 'r', usage: openai } }))],
  ['Moonshot', stream, sse(hi, { choices: [{ index: 0, delta: {}, usage: openai }] })],
  ['as text', stream, sse(hi, { ...none, usage: { prompt_tokens: '700', completion_tokens: '80' } })],
  ['with fractions', stream, sse(hi, { ...none, usage: { prompt_tokens: 700.0, completion_tokens: 8e1 } })],
  [
    'over two data lines',
    stream,
    sse(hi, `data: {"choices":[],\ndata: "usage":${JSON.stringify(openai)}}\n\n`),
  ],
  [
    'Anthropic',
    stream,
    sse(started, spoken, { type: 'message_delta', delta: {}, usage: { output_tokens: 80 } }),
  ],
  [
    'Anthropic, all at the end',
    stream,
    sse({ type: 'message_start', message: { usage: { input_tokens: 0, output_tokens: 0 } } }, spoken, {
      type: 'message_delta',
      delta: {},
      usage: { ...anthropic, output_tokens: 80 },
    }),
  ],
  [
    'Anthropic, zeros for the prompt at the end',
    stream,
    sse(started, spoken, {
      type: 'message_delta',
      usage: { input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 80 },
    }),
  ],
  [
    'Responses',
    stream,
    sse({ type: 'response.completed', response: { usage: { input_tokens: 700, output_tokens: 80 } } }),
  ],
  [
    'Gemini',
    stream,
    sse(
      { candidates: [{ content: { parts: [{ text: 'h' }] } }], usageMetadata: { promptTokenCount: 700 } },
      { candidates: [{ content: { parts: [{ text: 'i' }] } }], usageMetadata: gemini },
    ),
  ],
  [
    'Gemini as a list',
    json,
    JSON.stringify([{ usageMetadata: { promptTokenCount: 700 } }, { usageMetadata: gemini }]),
  ],
  [
    'Cohere, first version',
    lines,
    ndjson(
      { event_type: 'text-generation', text: 'hi' },
      {
        event_type: 'stream-end',
        response: { meta: { billed_units: { input_tokens: 700, output_tokens: 80 } } },
      },
    ),
  ],
  [
    'Cohere, second version',
    stream,
    sse(
      { type: 'content-delta', delta: { message: { content: { text: 'hi' } } } },
      {
        type: 'message-end',
        delta: {
          usage: {
            billed_units: { input_tokens: 700.0, output_tokens: 80 },
            tokens: { input_tokens: 999, output_tokens: 90 },
          },
        },
      },
    ),
  ],
  ['Ollama', lines, ndjson(ollama, { ...ollama, done: true, prompt_eval_count: 700, eval_count: 80 })],
  [
    'Ollama without its type',
    { type: 'text/plain' },
    ndjson(ollama, { done: true, prompt_eval_count: 700, eval_count: 80 }),
  ],
  ['llama.cpp', stream, sse({ content: 'hi', stop: false }, llama)],
  [
    'llama.cpp, chat',
    stream,
    sse(hi, chunk({}, { timings: { cache_n: 600, prompt_n: 100, predicted_n: 80, predicted_ms: 9 } })),
  ],
  [
    'Bedrock',
    stream,
    sse(spoken, {
      type: 'message_stop',
      'amazon-bedrock-invocationMetrics': { inputTokenCount: 700, outputTokenCount: 80 },
    }),
  ],
  [
    'images',
    stream,
    sse({
      type: 'image_generation.completed',
      b64_json: 'AAAA',
      usage: { input_tokens: 700, output_tokens: 80, total_tokens: 780 },
    }),
  ],
  [
    'transcription',
    stream,
    sse({
      type: 'transcript.text.done',
      text: 'hi',
      usage: { type: 'tokens', input_tokens: 700, output_tokens: 80 },
    }),
  ],
];

const wholes: [string, object][] = [
  ['OpenAI', { choices: [{ message: said }], usage: openai }],
  ['Groq', { choices: [{ message: said }], x_groq: { usage: openai } }],
  ['Anthropic', { type: 'message', content: [], usage: { ...anthropic, output_tokens: 80 } }],
  ['Gemini', { candidates: [], usageMetadata: gemini }],
  ['Gemini in snake case', { candidates: [], usage_metadata: openai }],
  ['Cohere, first version', { text: 'hi', meta: { tokens: { input_tokens: 700, output_tokens: 80 } } }],
  [
    'Cohere, second version',
    { message: said, usage: { billed_units: { input_tokens: 700, output_tokens: 80 } } },
  ],
  ['Ollama', { ...ollama, done: true, prompt_eval_count: 700, eval_count: 80 }],
  ['llama.cpp', llama],
  ['Bedrock', { usage: { inputTokens: 100, cacheReadInputTokens: 600, outputTokens: 80, totalTokens: 780 } }],
  [
    'reasoning beside the output (xAI)',
    { usage: { ...openai, completion_tokens: 50, completion_tokens_details: { reasoning_tokens: 30 } } },
  ],
  ['reasoning in the total alone', { usage: { ...openai, completion_tokens: 50 } }],
];

const dice = new Dice(7);

test.each(streams)('streamed: %s', async (_, given, text) => {
  const expected = { input: 700, output: 80, total: 780, reported: true };
  expect(await readText(text, given)).toMatchObject(expected);
  const body = Buffer.from(text);
  for (const most of [1, 7, 60]) expect(await read(dice.cut(body, most), given)).toMatchObject(expected);
});

test.each(wholes)('whole: %s', async (_, body) => {
  const expected = { input: 700, output: 80, total: 780, reported: true };
  for (const text of [JSON.stringify(body), JSON.stringify(body, null, 2)])
    expect(await readText(text, json)).toMatchObject(expected);
});

test.each([
  ['OpenAI', { ...openai, prompt_tokens_details: { cached_tokens: 400 } }],
  ['Anthropic', { ...anthropic, output_tokens: 80 }],
  ['DeepSeek', { ...openai, prompt_cache_hit_tokens: 400, prompt_cache_miss_tokens: 300 }],
  ['Moonshot', { ...openai, cached_tokens: 400 }],
  [
    'LiteLLM, Anthropic in the form of OpenAI',
    { ...openai, cache_read_input_tokens: 400, cache_creation_input_tokens: 200 },
  ],
  ['Realtime', { input_tokens: 700, output_tokens: 80, input_token_details: { cached_tokens: 400 } }],
])('%s: cached input is part of the input', async (_, usage) => {
  expect(await readText(JSON.stringify({ usage }), json)).toMatchObject({
    input: 700,
    output: 80,
    cached: 400,
  });
});

test('the form is told by what came, not by its name', async () => {
  const whole = JSON.stringify({ choices: [{ message: said }], usage: openai });
  const events = sse(hi, { ...none, usage: openai }, DONE);
  for (const [text, given] of [
    [whole, stream],
    [`\ufeff${whole}`, json],
    [events, json],
    [`\ufeff${events}`, { type: 'text/plain' }],
    [`: ping\n\n${events}`, { type: '' }],
  ] as const)
    expect(await readText(text, given)).toMatchObject({ input: 700, output: 80, reported: true });
});

test('rerankers and embeddings tell of a total: it is their input', async () => {
  for (const usage of [{ total_tokens: 15 }, { total_tokens: 15, prompt_tokens: 15 }, { prompt_tokens: 15 }])
    expect(await readText(JSON.stringify({ results: [], usage }), json)).toMatchObject({ input: 15 });
});

test('a total below its parts counts as their sum', async () => {
  const usage = { ...openai, total_tokens: 0 };
  expect(await readText(JSON.stringify({ usage }), json)).toMatchObject({ total: 780 });
});

test('counts that nobody could have used are passed over', async () => {
  const usage = { prompt_tokens: 1e300, completion_tokens: '1e300', total_tokens: -5 };
  expect(await readText(JSON.stringify({ usage }), json)).toMatchObject({ reported: false });
});

test('a failed line of a stream of lines is noticed', async () => {
  expect(await readText(ndjson(ollama, { error: 'out of memory' }), lines)).toMatchObject({ failed: true });
});
