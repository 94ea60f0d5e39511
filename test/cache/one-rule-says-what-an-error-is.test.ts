import { expect, test } from 'bun:test';
import { keepable } from '../../src/openai/keepable.ts';
import { UsageReader } from '../../src/openai/usage/usage.ts';

const json = 'application/json';
const sse = 'text/event-stream';
const finished = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

/** Whether the figures of usage count the response as failed. */
function isCounted(contentType: string, body: string): boolean {
  let failed = false;
  const reader = new UsageReader({ headers: [['content-type', contentType]] }, (found) => {
    failed = found.failed === true;
  });
  reader.chunk(Buffer.from(body));
  reader.end(undefined);
  return failed;
}

const errors: Record<string, object> = {
  'an object': { error: { message: 'x' } },
  'a text': { error: 'out of memory' },
  'a number': { error: 500 },
  'a type of Anthropic': { type: 'error', error: { type: 'overloaded_error' } },
  'a type alone': { type: 'error', message: 'x' },
  'the object of vLLM': { object: 'error', message: 'x', code: 400 },
  'a list': { errors: [{ code: 1 }] },
  'a code': { error_code: 336003, error_msg: 'x' },
  'a code of MiniMax': { base_resp: { status_code: 1002, status_msg: 'x' } },
  'a choice that failed': { choices: [{ index: 0, delta: {}, finish_reason: 'error' }] },
  'a choice with an error': {
    choices: [{ index: 0, delta: {}, error: { code: 502 }, finish_reason: 'stop' }],
  },
  'a failed response': { type: 'response.failed', response: { status: 'failed', error: null } },
  'a response with an error': { response: { error: { code: 'x' } } },
};

test.each(Object.entries(errors))('an error as %s is one to the cache and to the figures', (_name, error) => {
  const whole = JSON.stringify({ ...finished, ...error, usage });
  expect([keepable('chat', json, Buffer.from(whole)), isCounted(json, whole)]).toEqual([false, true]);
  const stream = [finished, { ...error, usage }].map((each) => `data: ${JSON.stringify(each)}\n\n`).join('');
  const body = `${stream}data: [DONE]\n\n`;
  expect([keepable('chat', sse, Buffer.from(body)), isCounted(sse, body)]).toEqual([false, true]);
});

test.each([
  'event: error\ndata: {"message":"x"}',
  'event:error\r\ndata: {}',
  'id: 1\nevent: error\ndata: {}',
  'data: {"a":1}\nevent: error',
])('an event named error is one to both: %j', (event) => {
  const body = `data: ${JSON.stringify(finished)}\n\n${event}\n\ndata: [DONE]\n\n`;
  expect([keepable('chat', sse, Buffer.from(body)), isCounted(sse, body)]).toEqual([false, true]);
});

test.each([
  { error: null },
  { error: false },
  { error: 0 },
  { errors: [] },
  { error_code: 0 },
  { base_resp: { status_code: 0 } },
  { object: 'chat.completion', note: 'error', text: '{"error":{"a":1}}' },
])('%j is no error to either', (more) => {
  const whole = JSON.stringify({ ...finished, ...more, usage });
  expect([keepable('chat', json, Buffer.from(whole)), isCounted(json, whole)]).toEqual([true, false]);
  const body = `data: ${whole}\n\ndata: [DONE]\n\n`;
  expect([keepable('chat', sse, Buffer.from(body)), isCounted(sse, body)]).toEqual([true, false]);
});
