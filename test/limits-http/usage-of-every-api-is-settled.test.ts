import { expect, test } from 'bun:test';
import { OpenAI } from 'openai';
import { startDemoUpstream } from '../../src/demo/upstream.ts';
import { startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { chat, delta, json, jsonType, remainingTokens, sseType, startWay } from './support.ts';

const AMOUNT = 10_000;
const tokens = { TOKENS_LIMIT: JSON.stringify({ '/': `${AMOUNT}/hour` }) };

/** The tokens counted so far: a probe that is refused with 400 upstream costs nothing, and takes six on its way. */
async function counted(url: string): Promise<number> {
  const response = await ask(url, '/v1/probe', chat({ max_tokens: 1 }));
  return AMOUNT - remainingTokens(response) - 6;
}

const usage = { input_tokens: 20, output_tokens: 22, total_tokens: 42 };
const answers: [string, string, string, string[]][] = [
  ['Responses', '/v1/responses', JSON.stringify({ object: 'response', output: [], usage }), jsonType],
  [
    'a stream of Responses',
    '/v1/responses',
    `event: response.completed\ndata: ${JSON.stringify({ type: 'response.completed', response: { usage } })}\n\n`,
    [sseType],
  ],
  [
    'embeddings',
    '/v1/embeddings',
    JSON.stringify({ data: [], usage: { prompt_tokens: 42, total_tokens: 42 } }),
    jsonType,
  ],
  [
    'Anthropic’s messages',
    '/v1/messages',
    JSON.stringify({ type: 'message', usage: { input_tokens: 20, output_tokens: 22 } }),
    jsonType,
  ],
  [
    'a stream of Anthropic’s messages',
    '/v1/messages',
    `event: message_start\ndata: ${JSON.stringify({ type: 'message_start', message: { usage: { input_tokens: 20, output_tokens: 1 } } })}\n\n` +
      `event: message_delta\ndata: ${JSON.stringify({ type: 'message_delta', delta: {}, usage: { output_tokens: 22 } })}\n\n`,
    [sseType],
  ],
  [
    'a stream with usage null but in the last event',
    '/v1/chat/completions',
    delta('a').replace('}\n\n', ',"usage":null}\n\n').repeat(5) +
      'data: {"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":22,"total_tokens":42}}\n\ndata: [DONE]\n\n',
    [sseType],
  ],
];

test.each(answers)('%s', async (_, path, body, type) => {
  await using way = await startWay(tokens, async (request) => {
    await request.whole();
    if (request.target === '/v1/probe') request.answer(400, '{}', jsonType);
    else request.answer(200, body, type);
  });
  await way.ask(path, chat({ max_tokens: 900, input: 'hi' }));
  await until(async () => (await counted(way.url)) === 42, '42 tokens are counted', 2000).catch(async () => {
    throw new Error(`counted: ${await counted(way.url)}`);
  });
});

test.each(['-500', '"500"', '1e300', '0.5', 'null', '{}'])(
  'usage that is nonsense does no harm: %s',
  async (total) => {
    await using way = await startWay(tokens, async (request, index) => {
      await request.whole();
      if (request.target === '/v1/probe') request.answer(400, '{}', jsonType);
      else if (index === 0)
        request.answer(
          200,
          '{"usage":{"prompt_tokens":100,"completion_tokens":200,"total_tokens":300}}',
          jsonType,
        );
      else
        request.answer(
          200,
          `{"usage":{"prompt_tokens":${total},"completion_tokens":${total},"total_tokens":${total}}}`,
          jsonType,
        );
    });
    await way.ask('/v1/chat/completions', chat({ max_tokens: 900 }));
    const response = await way.ask('/v1/chat/completions', chat({ max_tokens: 900 }));
    expect(response.status).toBe(200);
    const after = await counted(way.url);
    // What was counted before is not taken back, and what comes out is a whole number.
    expect(after).toBeGreaterThanOrEqual(300);
    expect(Number.isInteger(after)).toBe(true);
  },
);

test('OpenAI’s SDK before the demo: its usage is what is counted, streamed and not', async () => {
  const demo = startDemoUpstream();
  try {
    await using aifd = await startAifd({
      OPENAI_BASE_URL: demo.url,
      RATE_LIMIT_BACKEND: 'memory',
      ...tokens,
    });
    const client = new OpenAI({ apiKey: 'sk-x', baseURL: `${aifd.url}/v1`, maxRetries: 0 });
    const body = {
      model: 'demo-chat',
      messages: [{ role: 'user' as const, content: 'hello there' }],
      max_tokens: 50,
    };
    const whole = await client.chat.completions.create(body);
    let sum = whole.usage!.total_tokens;
    const stream = await client.chat.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const { usage: last } of stream) sum += last?.total_tokens ?? 0;
    const seen = async (): Promise<number> => {
      const asked = {
        method: 'POST',
        headers: [json, 'Authorization: Bearer sk-x'],
        body: '{"prompt":"abcd","max_tokens":1}',
      };
      return AMOUNT - remainingTokens(await ask(aifd.url, '/v1/nowhere', asked)) - 2;
    };
    await until(async () => (await seen()) === sum, 'all that was used is counted', 2000);
  } finally {
    demo.stop();
  }
});
