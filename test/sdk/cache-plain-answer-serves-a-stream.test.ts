import { afterAll, expect, test } from 'bun:test';
import type { OpenAI } from 'openai';
import { dataOfHit, startCachedWay } from './cache-support.ts';
import { chatChoices } from './cache-support-chat.ts';

const way = await startCachedWay();
afterAll(way.stop);
const { completions } = way.client.chat;
type Chunk = OpenAI.Chat.ChatCompletionChunk;
const models = Object.keys(chatChoices);

/** What the deltas make together, by hand: the SDK's accumulator keeps only the last of `reasoning_content`. */
function reasoningOf(chunks: readonly Chunk[]): string {
  const deltas = chunks.flatMap(({ choices }) =>
    choices.map(({ delta }) => delta as Record<string, unknown>),
  );
  return deltas.map(({ reasoning_content: piece }) => piece ?? '').join('');
}

test.each(models)('%s: the stream adds up to the plain answer', async (model) => {
  const ask = { model, messages: [{ role: 'user' as const, content: 'hi' }] };
  const plain = await completions.create(ask);
  const count = way.seen.length;
  const stream = { ...ask, stream: true as const, stream_options: { include_usage: true } };
  const chunks = await dataOfHit<Chunk[]>(completions.create(stream));
  const added = await completions.stream(stream).finalChatCompletion();
  expect(way.seen.length).toBe(count);
  const expected = structuredClone(plain) as unknown as { choices: { message: Record<string, unknown> }[] };
  const actual = structuredClone(added) as unknown as typeof expected;
  for (const [index, { message }] of actual.choices.entries()) {
    const wanted = expected.choices[index]!.message;
    // The accumulator's own additions, and what no chunk of the API carries.
    for (const name of ['parsed', 'annotations']) delete message[name];
    delete wanted.annotations;
    if ('reasoning_content' in wanted) message.reasoning_content = reasoningOf(chunks);
  }
  expect(actual).toEqual(expected);
});

test.each(models)('%s: the events are those of the API', async (model) => {
  const ask = { model, messages: [{ role: 'user' as const, content: 'ho' }] };
  await completions.create(ask);
  const chunks = await dataOfHit<Chunk[]>(completions.create({ ...ask, stream: true }));
  const [first] = chunks;
  for (const chunk of chunks) {
    expect(chunk.object).toBe('chat.completion.chunk');
    expect([chunk.id, chunk.created, chunk.model]).toEqual([first!.id, first!.created, first!.model]);
    // Nobody asked for it.
    expect(chunk).not.toHaveProperty('usage');
  }
  for (const [index] of chatChoices[model]!.entries()) {
    const own = chunks.flatMap(({ choices }) => choices).filter((choice) => choice.index === index);
    expect(own[0]?.delta.role).toBe('assistant');
    expect(own.slice(1).every(({ delta }) => delta.role === undefined)).toBe(true);
    const finishes = own.map((choice) => choice.finish_reason).filter((reason) => reason !== null);
    expect(finishes).toHaveLength(1);
    expect(own.at(-1)?.finish_reason).toBe(finishes[0]!);
  }
});
