import { afterAll, expect, test } from 'bun:test';
import type { OpenAI } from 'openai';
import { dataOfHit, startCachedWay } from './cache-support.ts';
import { chatChoices } from './cache-support-chat.ts';

const way = await startCachedWay();
afterAll(way.stop);
const { completions } = way.client.chat;
type Completion = OpenAI.Chat.ChatCompletion;

/**
 * The plain answer as a stream tells it. What cannot be known: `annotations` (no chunk has the empty list), and `usage`
 * where the stream was not asked for it.
 */
function knownOf({ choices, ...about }: Completion, includeUsage: boolean) {
  if (!includeUsage) delete about.usage;
  const known = choices.map((choice) => {
    const { annotations: _, ...message } = choice.message;
    return { ...choice, message };
  });
  return { ...about, choices: known };
}

const cases = Object.keys(chatChoices).flatMap((model) => [
  { model, includeUsage: true },
  { model, includeUsage: false },
]);
test.each(cases)('$model, usage $includeUsage', async ({ model, includeUsage }) => {
  const ask = { model, messages: [{ role: 'user' as const, content: `usage ${includeUsage}` }] };
  const options = includeUsage ? { stream_options: { include_usage: true } } : {};
  const stream = await completions.create({ ...ask, stream: true, ...options });
  const [first] = await Array.fromAsync(stream);
  const count = way.seen.length;
  const plain = await dataOfHit<Completion>(completions.create(ask));
  expect(way.seen.length).toBe(count);
  // Asked of the upstream itself, which gives each answer an id and a time of its own.
  const { id, created } = first!;
  const direct: Completion = { ...(await way.direct.chat.completions.create(ask)), id, created };
  expect(knownOf(plain, includeUsage)).toEqual(knownOf(direct, includeUsage));
  expect(plain.usage).toEqual(includeUsage ? direct.usage : undefined);
  for (const { message } of plain.choices) expect(message.annotations ?? []).toEqual([]);
});
