import { afterAll, expect, test } from 'bun:test';
import OpenAI from 'openai';
import type { Family } from '../../src/openai/family.ts';
import { replayOf } from '../../src/openai/replay/replay.ts';
import { chatAnswers, otherChatAnswers, responsesAnswers } from './replay-answers.ts';

let served: { contentType: string; body: Uint8Array };
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: () =>
    new Response(served.body as Uint8Array<ArrayBuffer>, { headers: { 'content-type': served.contentType } }),
});
const client = new OpenAI({ apiKey: 'none', baseURL: `http://127.0.0.1:${server.port}/v1`, maxRetries: 0 });
afterAll(() => server.stop(true));

function asStream(family: Family, answer: object): void {
  const kept = { contentType: 'application/json', body: Buffer.from(JSON.stringify(answer)) };
  served = replayOf(family, kept, { stream: true, includeUsage: true })!;
}

const messages = [{ role: 'user' as const, content: 'x' }];

for (const [name, answer] of Object.entries(chatAnswers)) {
  test(`chat: ${name}`, async () => {
    asStream('chat', answer);
    const stream = client.chat.completions.stream({
      model: 'm',
      messages,
      stream_options: { include_usage: true },
    });
    const final = await stream.finalChatCompletion();
    served = { contentType: 'application/json', body: Buffer.from(JSON.stringify(answer)) };
    const first = await client.chat.completions.create({ model: 'm', messages });
    expect(plainly(final)).toEqual(plainly(first));
  });
}

test('chat: a function call', async () => {
  asStream('chat', otherChatAnswers['a function call']!);
  const stream = client.chat.completions.stream({ model: 'm', messages });
  const { choices } = await stream.finalChatCompletion();
  expect(choices[0]!.message.function_call).toEqual({ name: 'weather', arguments: '{"city":"Bern"}' });
});

for (const [name, answer] of Object.entries(responsesAnswers)) {
  test(`responses: ${name}`, async () => {
    asStream('responses', answer);
    const stream = client.responses.stream({ model: 'm', input: 'x' });
    let text = '';
    stream.on('response.output_text.delta', ({ delta }) => (text += delta));
    const final = await stream.finalResponse();
    served = { contentType: 'application/json', body: Buffer.from(JSON.stringify(answer)) };
    const first = await client.responses.parse({ model: 'm', input: 'x' });
    expect(plainly(final)).toEqual(plainly(first));
    expect(text).toBe(first.output_text);
  });
}

/** What the SDK adds of its own is told by its names; undefined is nothing. */
function plainly(value: object): unknown {
  return JSON.parse(
    JSON.stringify(value, (name, one: unknown) => (/^parsed|^output_parsed/.test(name) ? undefined : one)),
  );
}
