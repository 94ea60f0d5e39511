import { describe, expect, test } from 'bun:test';
import { keepable } from '../../src/openai/keepable.ts';
import type { Family } from '../../src/openai/family.ts';

const json = 'application/json; charset=utf-8';
const sse = 'text/event-stream; charset=utf-8';
const data = (...events: unknown[]): string =>
  events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join('');
const chunk = (content: string, finish: string | null = null, index = 0, more: object = {}): object => ({
  choices: [{ index, delta: { content }, finish_reason: finish }],
  ...more,
});
const lines = 'application/x-ndjson';
const typed = (...types: string[]): string =>
  types.map((type) => `event: ${type}\ndata: {"type":"${type}"}\n\n`).join('');
const ended = (type: string): string =>
  `event: response.created\ndata: {"type":"response.created"}\n\nevent: ${type}\ndata: {"type":"${type}","response":{}}\n\n`;

const cases: [name: string, isKept: boolean, family: Family, type: string, body: string][] = [
  ['a plain answer', true, 'chat', json, '{"choices":[{"finish_reason":"stop"}]}'],
  ['an error that is null', true, 'chat', json, '{"error":null,"choices":[{"finish_reason":"stop"}]}'],
  ['no finish reason at all', true, 'chat', json, '{"choices":[{"message":{}}]}'],
  ['an error', false, 'chat', json, '{"error":{"message":"x"},"choices":[{"finish_reason":"stop"}]}'],
  ['a choice that failed', false, 'chat', json, '{"choices":[{"finish_reason":"error"}]}'],
  ['no choices', false, 'chat', json, '{"choices":[]}'],
  ['null as one', false, 'chat', json, '{"choices":[null]}'],
  ['one unfinished', false, 'chat', json, '{"choices":[{"finish_reason":"stop"},{"finish_reason":null}]}'],
  ['cut JSON', false, 'chat', json, '{"choices":[{"finish_reason":"stop"}]'],
  ['an array', false, 'chat', json, '[]'],
  ['nothing', false, 'chat', json, ''],
  ['a page', false, 'chat', 'text/html', '<p>'],
  ['text', false, 'chat', 'text/plain', 'x'],
  ['no type', false, 'chat', '', '{"choices":[{"finish_reason":"stop"}]}'],
  ['completed', true, 'responses', json, '{"status":"completed","error":null}'],
  ['incomplete', true, 'responses', json, '{"status":"incomplete"}'],
  ['queued', false, 'responses', json, '{"status":"queued"}'],
  ['failed', false, 'responses', json, '{"status":"failed","error":{"code":"x"}}'],
  ['embeddings', true, 'embeddings', json, '{"data":[{"embedding":[1]}]}'],
  ['embeddings without any', false, 'embeddings', json, '{"object":"list"}'],
  ['sound', true, 'other', 'audio/mpeg', '\u0001'],
  ['no sound', false, 'other', 'audio/mpeg', ''],
  ['a page elsewhere', false, 'other', 'text/html', '<p>'],
  ['other JSON', true, 'other', 'application/problem+json', '{}'],

  ['a stream', true, 'chat', sse, data(chunk('a'), chunk('', 'stop'), '[DONE]')],
  ['without the last line ends', true, 'chat', sse, data(chunk('a', 'stop'), '[DONE]').trimEnd()],
  ['with one line end', true, 'chat', sse, `${data(chunk('a', 'stop'), '[DONE]').trimEnd()}\n`],
  ['with a comment behind', true, 'chat', sse, `${data(chunk('a', 'stop'), '[DONE]')}: bye\n\n`],
  ['with CRLF', true, 'chat', sse, data(chunk('a', 'stop'), '[DONE]').replaceAll('\n', '\r\n')],
  ['with CR', true, 'chat', sse, data(chunk('a', 'stop'), '[DONE]').replaceAll('\n', '\r')],
  ['error null in each', true, 'chat', sse, data(chunk('a', 'stop', 0, { error: null }), '[DONE]')],
  [
    'error in its content',
    true,
    'chat',
    sse,
    data(chunk('{"error":{"a":1}} event: error', 'stop'), '[DONE]'),
  ],
  ['error as content', true, 'chat', sse, data(chunk('error', 'stop'), '[DONE]')],
  ['error nested', true, 'chat', sse, data(chunk('a', 'stop', 0, { x: { error: 1 } }), '[DONE]')],
  ['no [DONE], all finished', false, 'chat', sse, data(chunk('a', 'stop', 0), chunk('a', 'stop', 1))],
  ['no [DONE], one unfinished', false, 'chat', sse, data(chunk('a', 'stop', 0), chunk('a', null, 1))],
  ['[DONE], one unfinished', false, 'chat', sse, data(chunk('a', 'stop', 0), chunk('a', null, 1), '[DONE]')],
  ['[DONE], none finished', false, 'chat', sse, data(chunk('a'), '[DONE]')],
  ['[DONE] in content only', false, 'chat', sse, data(chunk('data: [DONE]'))],
  ['[DONE] in cut content', false, 'chat', sse, 'data: {"choices":[{"delta":{"content":"data: [DONE]'],
  ['[DONE] alone', false, 'chat', sse, data('[DONE]')],
  ['nothing at all', false, 'chat', sse, ''],
  ['a comment alone', false, 'chat', sse, ': hello\n\n'],
  ['an error event', false, 'chat', sse, `${data(chunk('a'))}event: error\n${data({}, '[DONE]')}`],
  ['an error event, tight', false, 'chat', sse, `event:error\r\n${data(chunk('a', 'stop'), '[DONE]')}`],
  ['an error in data', false, 'chat', sse, data(chunk('a', 'stop'), { error: { message: 'x' } }, '[DONE]')],
  ['an error, spaced', false, 'chat', sse, data(chunk('a', 'stop'), '{"error" : "x"}', '[DONE]')],
  [
    'an error behind null',
    false,
    'chat',
    sse,
    data('{"x":{"error":null},"error":"x"}', chunk('a', 'stop'), '[DONE]'),
  ],
  [
    'an error with CR',
    false,
    'chat',
    sse,
    data(chunk('a', 'stop'), { error: 1 }, '[DONE]').replaceAll('\n', '\r'),
  ],
  ['a choice that failed', false, 'chat', sse, data(chunk('a', 'error'), '[DONE]')],
  ['cut after an event', false, 'chat', sse, data(chunk('a'))],
  ['cut within the last', false, 'chat', sse, data(chunk('a', 'stop'), chunk('b')).slice(0, -20)],
  ['[DONE] of something else', false, 'chat', sse, `${data(chunk('a'))}xdata: [DONE]\n\n`],
  ['completed', true, 'responses', sse, ended('response.completed')],
  ['completed, and [DONE]', true, 'responses', sse, `${ended('response.completed')}data: [DONE]\n\n`],
  ['incomplete', true, 'responses', sse, ended('response.incomplete')],
  ['failed', false, 'responses', sse, ended('response.failed')],
  ['failed, then completed', false, 'responses', sse, ended('response.failed') + ended('response.completed')],
  [
    'talk of response.failed',
    true,
    'responses',
    sse,
    data({ delta: 'response.failed' }) + ended('response.completed'),
  ],
  [
    'an error of the API',
    false,
    'responses',
    sse,
    `${data({ type: 'error' })}${ended('response.completed')}`,
  ],
  ['only begun', false, 'responses', sse, ended('response.in_progress')],
  ['cut in its end', false, 'responses', sse, ended('response.completed').slice(0, -4)],
  ['an unknown stream', false, 'other', sse, data('hello', { a: 1 })],
  ['an unknown stream that ends with [DONE]', true, 'other', sse, data('hello', { a: 1 }, '[DONE]')],
  ['Anthropic', true, 'other', sse, typed('message_start', 'message_delta', 'message_stop')],
  ['Anthropic, a ping behind the end', true, 'other', sse, typed('message_start', 'message_stop', 'ping')],
  ['Anthropic, data alone', true, 'other', sse, data({ type: 'message_start' }, { type: 'message_stop' })],
  ['Anthropic, cut', false, 'other', sse, typed('message_start', 'content_block_delta')],
  ['Anthropic, cut behind a ping', false, 'other', sse, typed('message_start', 'ping')],
  ['Anthropic, an error', false, 'other', sse, typed('message_start', 'error', 'message_stop')],
  ['Anthropic, the end in a text', false, 'other', sse, data({ delta: { text: 'message_stop' } })],
  ['an image', true, 'other', sse, typed('image_generation.partial_image', 'image_generation.completed')],
  ['an image, cut', false, 'other', sse, typed('image_generation.partial_image')],
  ['an edited image', true, 'other', sse, typed('image_edit.partial_image', 'image_edit.completed')],
  ['speech', true, 'other', sse, typed('speech.audio.delta', 'speech.audio.done')],
  ['speech, cut', false, 'other', sse, typed('speech.audio.delta')],
  ['a transcription', true, 'other', sse, typed('transcript.text.delta', 'transcript.text.done')],
  ['a transcription, cut', false, 'other', sse, typed('transcript.text.delta')],
  ['a response that is polled as a stream', true, 'other', sse, typed('response.completed')],
  ['lines', true, 'other', lines, '{"message":{"content":"a"},"done":false}\n{"done":true}\n'],
  ['lines without the last line end', true, 'other', lines, '{"done":false}\r\n{"done":true}'],
  ['lines, cut', false, 'other', lines, '{"message":{"content":"a"},"done":false}\n'],
  ['lines, cut in one', false, 'other', lines, '{"done":true}\n{"do'],
  ['lines with an error', false, 'other', lines, '{"error":"out of memory"}\n{"done":true}\n'],
  ['lines of an unknown form', false, 'other', lines, '{"a":1}\n{"a":2}\n'],
  ['no lines', false, 'other', lines, ''],
  ['a list', true, 'other', json, '{"object":"list","data":[{"id":"m"}]}'],
  ['a queued response', false, 'other', json, '{"object":"response","status":"queued"}'],
  ['a running response', false, 'other', json, '{"object":"response","status":"in_progress"}'],
  ['a finished response', true, 'other', json, '{"object":"response","status":"completed"}'],
  ['a failed response', false, 'other', json, '{"object":"response","status":"failed"}'],
  ['a batch', false, 'other', json, '{"object":"batch","status":"validating"}'],
  ['a job in a state that nobody knows', false, 'other', json, '{"status":"warming_up"}'],
  ['a job in a list', false, 'other', json, '{"data":[{"status":"succeeded"},{"status":"running"}]}'],
  ['a video that is made', false, 'other', json, '{"object":"video","status":"in_progress","progress":40}'],
  ['a file of Gemini', false, 'other', json, '{"state":"PROCESSING"}'],
  ['an operation', false, 'other', json, '{"name":"operations/1","done":false}'],
  ['a finished operation', true, 'other', json, '{"name":"operations/1","done":true}'],
  ['a status that is a number', true, 'other', json, '{"status":200}'],
  ['an error by its object', false, 'other', json, '{"object":"error","message":"x","code":404}'],
  ['an unknown stream, cut', false, 'other', sse, 'data: hel'],
  ['an unknown error', false, 'other', sse, `event: error\n${data({ type: 'error' })}`],
];

describe('kept or not', () => {
  for (const [name, isKept, family, type, body] of cases)
    test(`${family}: ${name}: ${isKept ? 'yes' : 'no'}`, () => {
      expect(keepable(family, type, Buffer.from(body))).toBe(isKept);
      if (type === sse) expect(keepable(family, type, Buffer.from(`\ufeff${body}`))).toBe(isKept);
    });
});

test('cut anywhere, a stream without its end is not kept', () => {
  const whole = Buffer.from(data(chunk('a'), chunk('b', 'stop'), '[DONE]'));
  for (let end = 0; end < whole.length - '[DONE]\n\n'.length; end++) {
    expect([end, keepable('chat', sse, whole.subarray(0, end))]).toEqual([end, false]);
  }
});
