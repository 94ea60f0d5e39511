import { afterAll, expect, test } from 'bun:test';
import OpenAI from 'openai';
import { startDemoUpstream } from '../../src/demo/upstream.ts';

const upstream = startDemoUpstream();
const client = new OpenAI({ apiKey: 'any', baseURL: `${upstream.url}/v1`, maxRetries: 0 });
const messages = [{ role: 'user' as const, content: 'ping pong' }];
const tools = [
  { type: 'function' as const, function: { name: 'a' } },
  { type: 'function' as const, function: { name: 'b' } },
];
afterAll(() => upstream.stop());

test('a plain chat quotes the last user message, n times', async () => {
  const chat = await client.chat.completions.create({ model: 'demo-chat', messages, n: 2 });
  expect(chat.choices.map((choice) => choice.message.content?.includes('"ping pong"'))).toEqual([true, true]);
  expect(chat.usage?.total_tokens).toBeGreaterThan(2);
});

test('a streamed chat has the same text, and usage last when asked for', async () => {
  const plain = await client.chat.completions.create({ model: 'demo-chat', messages });
  const stream = await client.chat.completions.create({
    model: 'demo-chat',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await Array.fromAsync(stream);
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  expect(text).toBe(plain.choices[0]?.message.content ?? '');
  expect(chunks.at(-1)?.usage).toEqual(plain.usage ?? null);
});

test('an SSE body ends with [DONE] and has no usage unless asked for', async () => {
  const response = await fetch(`${upstream.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'demo-chat', messages, stream: true }),
  });
  const body = await response.text();
  expect(response.headers.get('content-type')).toStartWith('text/event-stream');
  expect(body).toEndWith('data: [DONE]\n\n');
  expect(body).not.toContain('usage');
});

test('a required tool is called, and a named one by its name', async () => {
  const required = await client.chat.completions.create({
    model: 'm',
    messages,
    tools,
    tool_choice: 'required',
  });
  expect(required.choices[0]?.finish_reason).toBe('tool_calls');
  expect(required.choices[0]?.message.tool_calls?.[0]).toMatchObject({
    function: { name: 'a', arguments: '{}' },
  });
  const tool_choice = { type: 'function' as const, function: { name: 'b' } };
  const named = await client.chat.completions.create({ model: 'm', messages, tools, tool_choice });
  expect(named.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: 'b' } });
});

test('a tool call can be streamed', async () => {
  const stream = await client.chat.completions.create({
    model: 'm',
    messages,
    tools,
    tool_choice: 'required',
    stream: true,
  });
  const chunks = await Array.fromAsync(stream);
  expect(chunks[0]?.choices[0]?.delta.tool_calls?.[0]?.function?.name).toBe('a');
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
});

function embed(encoding_format: 'float' | 'base64') {
  return client.embeddings.create({ model: 'demo-embedding', input: ['one', 'two'], encoding_format });
}

test('embeddings are deterministic unit vectors, the same in both encodings', async () => {
  const [floats, packed] = await Promise.all([embed('float'), embed('base64')]);
  const [one, two] = floats.data.map((item) => item.embedding);
  expect(Math.hypot(...(one ?? []))).toBeCloseTo(1, 5);
  expect(one).not.toEqual(two);
  const bytes = Buffer.from(String(packed.data[0]?.embedding), 'base64');
  const unpacked = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
  expect(unpacked).toEqual(one ?? []);
});

test('models are listed, found, and not found as OpenAI says it', async () => {
  const list = await client.models.list();
  expect(list.data.map((model) => model.id)).toContain('demo-chat');
  expect((await client.models.retrieve('demo-chat')).object).toBe('model');
  const missing = await client.models.retrieve('nope').catch((error: unknown) => error);
  expect(missing).toMatchObject({ status: 404, code: 'model_not_found' });
});

test('what it does not know gets an OpenAI-shaped error with a request id', async () => {
  const unknown = await fetch(`${upstream.url}/v1/nothing`);
  expect(unknown.status).toBe(404);
  expect(unknown.headers.get('x-request-id')).toStartWith('demo-');
  expect(await unknown.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  const broken = await fetch(`${upstream.url}/v1/chat/completions`, { method: 'POST', body: '{' });
  expect(broken.status).toBe(400);
  const wrong = await client.chat.completions
    .create({ model: 'm', messages: [] })
    .catch((error: unknown) => error);
  expect(wrong).toMatchObject({ status: 400, param: 'messages' });
});
