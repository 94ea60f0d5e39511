import { expect, test } from 'bun:test';
import { replayOf } from '../../src/openai/replay/replay.ts';

const contentType = 'text/event-stream';
type Json = Record<string, unknown>;

function joined(...events: unknown[]): Json | undefined {
  const body = Buffer.from(
    [...events.map((event) => `data: ${JSON.stringify(event)}\n\n`), 'data: [DONE]\n'].join(''),
  );
  const plain = replayOf('chat', { contentType, body }, { stream: false, includeUsage: false });
  return plain && (JSON.parse(Buffer.from(plain.body).toString()) as Json);
}
const chunk = (delta: Json, more: Json = {}): Json => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 5,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
});
const callAt = (index: number, more: Json): Json => ({ tool_calls: [{ index, ...more }] });
const callNamed = (id: string): Json => ({ tool_calls: [{ id, function: { name: id, arguments: '{}' } }] });
const details = (...items: Json[]): Json => ({ content: '', reasoning_details: items });
const itemAt = (index: number): string =>
  `data: {"type":"response.output_item.done","output_index":${index},"item":{"id":"${index}"}}\n\n`;
const messageOf = (answer: Json | undefined): Json => (answer!.choices as { message: Json }[])[0]!.message;

test("Azure's events of filters alone take nothing away", () => {
  const filters = [{ prompt_index: 0 }];
  const azure = { id: '', object: '', created: 0, model: '', choices: [] };
  const answer = joined(
    { ...azure, prompt_filter_results: filters },
    chunk({ role: 'assistant', content: '' }, { content_filter_results: {} }),
    chunk({ content: 'Hi' }, { content_filter_results: { hate: { filtered: false } } }),
    chunk({}, { finish_reason: 'stop', content_filter_results: {} }),
    { ...azure, choices: [{ index: 0, content_filter_offsets: { start_offset: 0 }, finish_reason: null }] },
  );
  expect(answer).toEqual({
    id: 'c',
    object: 'chat.completion',
    created: 5,
    model: 'm',
    prompt_filter_results: filters,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hi' },
        finish_reason: 'stop',
        content_filter_results: { hate: { filtered: false } },
        content_filter_offsets: { start_offset: 0 },
      },
    ],
  });
});

test('calls that mix are put in order, and content "" beside them is null', () => {
  const answer = joined(
    chunk({ role: 'assistant', content: '', tool_calls: [] }),
    chunk(callAt(1, { id: 'b', type: 'function', function: { name: 'g', arguments: '' } })),
    chunk(callAt(0, { id: 'a', type: 'function', function: { name: 'f', arguments: '{' } })),
    chunk(callAt(1, { id: '', function: { name: '', arguments: '[]' } })),
    chunk(callAt(0, { function: { name: 'f', arguments: '}' } })),
  );
  expect(messageOf(answer)).toEqual({
    role: 'assistant',
    content: null,
    tool_calls: [
      { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } },
      { id: 'b', type: 'function', function: { name: 'g', arguments: '[]' } },
    ],
  });
});

test('calls without an index are told by their ids', () => {
  const { tool_calls } = messageOf(joined(chunk(callNamed('a')), chunk(callNamed('b'))));
  expect((tool_calls as Json[]).map(({ id }) => id)).toEqual(['a', 'b']);
});

test('reasoning in details grows by index', () => {
  const { reasoning_details } = messageOf(
    joined(
      chunk(details({ type: 'reasoning.text', text: 'Let', index: 0 })),
      chunk(details({ type: 'reasoning.text', text: ' me', index: 0, signature: 's' })),
      chunk(details({ type: 'reasoning.encrypted', data: 'x', index: 1 })),
    ),
  );
  expect(reasoning_details).toEqual([
    { type: 'reasoning.text', text: 'Let me', index: 0, signature: 's' },
    { type: 'reasoning.encrypted', data: 'x', index: 1 },
  ]);
});

test('usage comes from wherever it was, and padding goes', () => {
  const usage = { total_tokens: 3 };
  const last = { ...chunk({}, { finish_reason: 'stop' }), usage };
  const answer = joined({ ...chunk({ content: 'a' }), usage: null, obfuscation: 'xyz' }, last);
  expect(answer!.usage).toEqual(usage);
  expect(answer).not.toHaveProperty('obfuscation');
});

test('an error, content in parts, no choices: nothing is made of them', () => {
  expect(joined(chunk({ content: 'a' }), { error: { message: 'x' } })).toBeUndefined();
  expect(joined(chunk({ content: [{ type: 'text', text: 'a' }] }))).toBeUndefined();
  expect(joined()).toBeUndefined();
});

test('a response is taken from the end of its stream, its items from before where they are not there', () => {
  const body = Buffer.from(
    `${itemAt(1)}${itemAt(0)}event: response.completed\ndata: {"type":"response.completed","response":{"id":"r"}}\n\n`,
  );
  const plain = replayOf('responses', { contentType, body }, { stream: false, includeUsage: false });
  expect(JSON.parse(Buffer.from(plain!.body).toString())).toEqual({
    id: 'r',
    output: [{ id: '0' }, { id: '1' }],
  });
});
