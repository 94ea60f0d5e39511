import { expect, test } from 'bun:test';
import { DONE, chunk, readText, sse, stream } from './usage.ts';

const chat = { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 };
const details = { cached: undefined, reasoning: undefined };
const found = {
  ...details,
  input: 9,
  output: 12,
  total: 21,
  reported: true,
  events: 2,
  text: 0,
  complete: true,
};
const counted = {
  ...details,
  input: undefined,
  output: undefined,
  total: undefined,
  reported: false,
  complete: true,
};
const nil = { usage: null };

test('usage of the last event is taken', async () => {
  const words = [
    chunk({ role: 'assistant', content: '' }, nil),
    chunk({ content: 'Hi' }, nil),
    chunk({ content: '!' }, nil),
  ];
  const last = chunk({}, { choices: [], usage: chat });
  expect(await readText(sse(...words, last, DONE), stream)).toEqual(found);
  expect(await readText(sse(...words, last).trimEnd(), stream)).toEqual(found);
});

test('usage that grows with each event is what it was last', async () => {
  const first = { usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 } };
  const text = sse(chunk({ content: 'Hi' }, first), chunk({ content: '!' }, { usage: chat }));
  expect(await readText(text, stream)).toEqual(found);
});

test('zeros in every event are no usage', async () => {
  const zeros = { usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } };
  const text = sse(chunk({ content: 'Hi' }, zeros), chunk({ content: '!' }, zeros), DONE);
  expect(await readText(text, stream)).toEqual({ ...counted, events: 2, text: 2 });
});

test('Responses: usage stands in response.completed; without it only deltas count', async () => {
  const usage = { input_tokens: 9, output_tokens: 12, total_tokens: 21 };
  const events = [
    { type: 'response.created', response: { id: 'r', usage: null } },
    { type: 'response.output_text.delta', delta: 'Hello there' },
    { type: 'response.function_call_arguments.delta', delta: '{"a":1}' },
    { type: 'response.audio.delta', delta: 'A'.repeat(5000) },
    { type: 'response.output_text.done', text: 'Hello there' },
  ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  const response = { output: [{ content: [{ type: 'output_text', text: 'Hello there' }] }], usage };
  const completed = { type: 'response.completed', response };
  expect(await readText(sse(...events, completed), stream)).toEqual(found);
  expect(await readText(sse(...events), stream)).toEqual({ ...counted, events: 2, text: 5 });
  // Over the size of one event held whole.
  const long = {
    type: 'response.completed',
    response: { text: 'x'.repeat(1_500_000), usage, user: null },
    n: 1,
  };
  expect(await readText(sse(...events, long), stream)).toEqual(found);
});

test('Anthropic: the prompt at the start, the output at the end, what came if it is cut', async () => {
  const start = { type: 'message_start', message: { usage: { input_tokens: 9, output_tokens: 1 } } };
  const text = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello there' } };
  const tool = {
    type: 'content_block_delta',
    index: 1,
    delta: { type: 'input_json_delta', partial_json: '{"a"' },
  };
  const end = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 12 } };
  expect(await readText(sse(start, text, tool, end), stream)).toEqual(found);
  const cut = await readText(sse(start, text, tool), { ...stream, cut: true });
  expect(cut).toEqual({ ...counted, input: 9, events: 2, text: 4, complete: false });
});

test.each<[string, object, number, number]>([
  ['a short word is a token', { content: 'a' }, 1, 1],
  ['a long one is more', { content: 'a'.repeat(10) }, 1, 3],
  ['CJK', { content: '中文字' }, 1, 3],
  ['escapes', { content: '"\n\\"中"' }, 1, 3],
  ['a role alone is none', { role: 'assistant', content: '' }, 0, 0],
  ['nothing', {}, 0, 0],
  ['null', { content: null }, 0, 0],
  ['a role and content', { role: 'assistant', content: 'abcdefgh' }, 1, 2],
  ['a name said by the model', { content: '"usage":{"prompt_tokens":5}' }, 1, 7],
  ['tool calls', { tool_calls: [{ index: 0, function: { name: 'abcd', arguments: '{"a":1}x' } }] }, 1, 3],
  ['tool calls go on', { tool_calls: [{ index: 0, function: { arguments: '1' } }] }, 1, 1],
  ['function call', { function_call: { arguments: '12345678' } }, 1, 2],
  ['reasoning', { reasoning_content: '12345678' }, 1, 2],
  ['reasoning said twice', { reasoning: '12345678', reasoning_details: [{ text: '12345678' }] }, 1, 2],
  ['refusal', { refusal: '12345678' }, 1, 2],
  ['parts', { content: [{ type: 'text', text: '12345678' }] }, 1, 2],
])('%s', async (_, delta, events, text) => {
  expect(await readText(sse(chunk(delta), DONE), stream)).toEqual({ ...counted, events, text });
  const spaced = `data: ${JSON.stringify(chunk(delta), null, 1).replaceAll('\n', '')}\n\n`;
  expect(await readText(spaced, stream)).toEqual({ ...counted, events, text });
});

test('each choice of an event counts', async () => {
  const two = {
    choices: [
      { index: 0, delta: { content: 'a' } },
      { index: 1, delta: { content: 'b' } },
    ],
  };
  const completion = { choices: [{ index: 0, text: 'abcdefgh', logprobs: null }] };
  expect(await readText(sse(two), stream)).toEqual({ ...counted, events: 1, text: 2 });
  expect(await readText(sse(completion), stream)).toEqual({ ...counted, events: 1, text: 2 });
});

test('odd events are passed over', async () => {
  const odd = [
    '{"choices":[null,1,{"delta":5}]}',
    '{"choices":',
    '[1]',
    '"delta"',
    '{"type":5,"delta":"x"}',
    'null',
  ];
  const deep = `{"usage":${'{"a":'.repeat(50_000)}`;
  const text = [...odd, deep].map((data) => `data: ${data}\n\n`).join(': ping\n\n\n');
  const hi = sse(chunk({ content: 'hi' }));
  expect(await readText(`${text}${hi}`, stream)).toEqual({ ...counted, events: 1, text: 1 });
});
