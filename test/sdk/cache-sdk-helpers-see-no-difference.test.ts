import { afterAll, expect, test } from 'bun:test';
import type { ChatCompletionStream } from 'openai/lib/ChatCompletionStream';
import { startCachedWay } from './cache-support.ts';

const way = await startCachedWay();
afterAll(way.stop);
const { completions } = way.client.chat;
const messages = [{ role: 'user' as const, content: 'hi' }];
const schema = { type: 'object', properties: { city: { type: 'string' } } };
const response_format = {
  type: 'json_schema' as const,
  json_schema: { name: 'place', strict: true, schema },
};
const tools = ['weather', 'time'].map((name) => ({
  type: 'function' as const,
  function: { name, strict: true, parameters: schema },
}));
const cases = [
  { model: 'text' },
  { model: 'two', n: 2 },
  { model: 'tools', tools },
  { model: 'reasoning' },
  { model: 'refusal', response_format },
  { model: 'logprobs', logprobs: true },
  { model: 'unicode' },
  { model: 'parsed', response_format },
];
const names = [
  'connect',
  'chunk',
  'content',
  'content.delta',
  'content.done',
  'refusal.delta',
  'refusal.done',
  'tool_calls.function.arguments.delta',
  'tool_calls.function.arguments.done',
  'logprobs.content.delta',
  'logprobs.content.done',
  'message',
  'chatCompletion',
  'finalContent',
  'finalMessage',
  'finalChatCompletion',
  'totalUsage',
  'end',
] as const;

/** All that the accumulator says, event by event, and what it ends with. */
async function heard(stream: ChatCompletionStream<unknown>) {
  const events: unknown[] = [];
  // The listeners' arguments are as different as the events; they are only looked at. A snapshot changes later.
  for (const name of names) {
    stream.on(name, (...said: unknown[]) => void events.push([name, structuredClone(said)]));
  }
  return {
    completion: await stream.finalChatCompletion(),
    message: await stream.finalMessage(),
    content: await stream.finalContent(),
    usage: await stream.totalUsage(),
    events,
  };
}

test.each(cases)('the accumulator: $model', async (ask) => {
  const before = way.seen.length;
  const body = { ...ask, messages, stream_options: { include_usage: true } };
  const first = await heard(completions.stream(body));
  expect(first.events.length).toBeGreaterThan(5);
  expect(await heard(completions.stream(body))).toStrictEqual(first);
  expect(way.seen.length).toBe(before + 1);
});

test.each(cases)('parse: $model', async (ask) => {
  const before = way.seen.length;
  // Another question than the accumulator's, for that answer would do for this one too.
  const body = { ...ask, messages: [...messages, ...messages] };
  const first = await completions.parse(body);
  expect(await completions.parse(body)).toStrictEqual(first);
  expect(way.seen.length).toBe(before + 1);
});
