import { expect, test } from 'bun:test';
import { chunk, DONE, json, read, readText, sse, stream } from './usage.ts';

const word = chunk({ content: 'Hi' });
const error = { message: 'overloaded', type: 'server_error' };
const usage = { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 };

const failing: Readonly<Record<string, string>> = {
  'an error of its own': sse(word, { error }),
  'an error as text': sse(word, { error: 'no more memory' }, DONE),
  'an event named error': sse(word, 'event: error\ndata: {"message":"no"}\n\n'),
  'an event named error, without a space': sse(word, 'event:error\r\ndata: no JSON\r\n\r\n'),
  'an error first': sse({ error }, DONE),
  'an error beside an empty delta': sse(word, { error, ...chunk({ content: '' }) }, DONE),
  'an error beside a delta of more': sse(word, { ...chunk({ role: 'assistant', content: '' }), error }, DONE),
  'an error beside usage': sse(word, { error, usage }, DONE),
  "Anthropic's": sse({ type: 'error', error: { type: 'overloaded_error', message: 'no' } }),
  'of Responses': sse({ type: 'error', code: 'server_error', message: 'no', param: null }),
  'a response that failed': sse({ type: 'response.failed', response: { status: 'failed', error } }),
  'no blank line at the end': sse(word, { error }).trimEnd(),
  'spaces as Python writes them': sse(word, 'data: {"error": {"message": "no"}}\n\n'),
};

for (const [name, text] of Object.entries(failing))
  test(`a stream that fails is noticed, however cut: ${name}`, async () => {
    expect((await readText(text, stream)).failed).toBe(true);
    for (let at = 1; at < text.length; at++) {
      const pieces = [Buffer.from(text.slice(0, at)), Buffer.from(text.slice(at))];
      expect((await read(pieces, stream)).failed).toBe(true);
    }
  });

const sound: Readonly<Record<string, string>> = {
  'a chat': sse(word, chunk({}, { choices: [], usage }), DONE),
  'an error that is null': sse(
    { type: 'response.created', response: { error: null, usage: null } },
    { type: 'response.completed', response: { error: null, usage } },
    { ...word, error: null },
  ),
  'a chat about errors': sse(chunk({ content: '{"error":{"message":"no"}} event: error' }), DONE),
  'an event whose name begins so': sse('event: errors\ndata: {}\n\n', word, DONE),
  'an error deeper down': sse({ type: 'response.output_item.done', item: { error: 'the tool failed' } }),
  'a comment': sse(': "error"\n\n', word, DONE),
};

for (const [name, text] of Object.entries(sound))
  test(`a stream that does not fail is not taken for one: ${name}`, async () => {
    expect((await readText(text, stream)).failed).toBeUndefined();
  });

test('a plain answer that is an error', async () => {
  expect((await readText(JSON.stringify({ error }), json)).failed).toBe(true);
  expect((await readText(JSON.stringify({ error: null, output: [] }), json)).failed).toBeUndefined();
});
