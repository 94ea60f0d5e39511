import { afterAll, expect, test } from 'bun:test';
import type { OpenAI } from 'openai';
import { dataOfHit, startCachedWay, told } from './cache-support.ts';

const way = await startCachedWay();
afterAll(way.stop);
const { completions } = way.client.chat;
type Chunk = OpenAI.Chat.ChatCompletionChunk;
const usage = { stream: true as const, stream_options: { include_usage: true } };
const ask = (content: string) => ({ model: 'text', messages: [{ role: 'user' as const, content }] });

test('a stream kept without it is asked for anew, once', async () => {
  const body = ask('without, then with');
  await told(completions.create({ ...body, stream: true }));
  const count = way.seen.length;
  const again = await told(completions.create({ ...body, ...usage }));
  expect(again.cache).toBe('aifd; fwd=uri-miss; stored');
  expect((again.data as Chunk[]).at(-1)?.usage?.total_tokens).toBe(29);
  expect(way.seen.length).toBe(count + 1);
  expect(await dataOfHit<Chunk[]>(completions.create({ ...body, ...usage }))).toEqual(again.data as Chunk[]);
  expect(way.seen.length).toBe(count + 1);
});

test('a stream kept with it comes without where nobody asks for it', async () => {
  const body = ask('with, then without');
  const first = (await told(completions.create({ ...body, ...usage }))).data as Chunk[];
  const chunks = await dataOfHit<Chunk[]>(completions.create({ ...body, stream: true }));
  // The API has then neither the last chunk nor the null in each of the others.
  const expected = structuredClone(first.slice(0, -1));
  for (const chunk of expected) delete chunk.usage;
  expect(chunks).toStrictEqual(expected);
});

test('of a plain answer it is told to a stream that asks', async () => {
  const body = ask('plain first');
  const plain = await completions.create(body);
  const chunks = await dataOfHit<Chunk[]>(completions.create({ ...body, ...usage }));
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: plain.usage! });
  expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
});
