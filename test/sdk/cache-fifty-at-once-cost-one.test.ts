import { afterAll, expect, test } from 'bun:test';
import type { OpenAI } from 'openai';
import { type Call, cached, openaiUpstream, told } from './cache-support.ts';
import { until } from '../support/until.ts';
import { startWay } from './support.ts';

const MANY = 50;
const answer = openaiUpstream();
let held: Promise<void> = Promise.resolve();
const way = await startWay(async (seen) => {
  await held;
  return answer(seen);
}, cached);
afterAll(way.stop);

const messages = [{ role: 'user' as const, content: 'hi' }];
const usage = { stream: true as const, stream_options: { include_usage: true } };
const calls: [name: string, call: (client: OpenAI) => Call][] = [
  ['plain', ({ chat }) => chat.completions.create({ model: 'tools', messages })],
  ['streamed', ({ chat }) => chat.completions.create({ model: 'two', n: 2, messages, ...usage })],
  ['long streamed', ({ chat }) => chat.completions.create({ model: 'long', messages, stream: true })],
  ['embeddings', ({ embeddings }) => embeddings.create({ model: 'm', input: 'one' })],
  ['responses', ({ responses }) => responses.create({ model: 'text', input: 'one', stream: true })],
];

/** Those who asked first, those who shared, those who came too late. */
const rank = (cache: string) => ['stored', 'collapsed'].findIndex((end) => cache.endsWith(end)) >>> 0;

test.each(calls)('%s', async (_, call) => {
  const gate = Promise.withResolvers<void>();
  held = gate.promise;
  const before = way.seen.length;
  const asking = Array.from({ length: MANY }, () => told(call(way.client)));
  // Answered when most have come; on a slow machine the last are late, and find it kept.
  await until(() => way.seen.length > before, 'the upstream is asked');
  await Bun.sleep(100);
  gate.resolve();
  const answers = await Promise.all(asking);
  expect(way.seen.length).toBe(before + 1);
  for (const { data } of answers) expect(data).toStrictEqual(answers[0]!.data);
  const [stored, ...others] = answers.map(({ cache }) => cache).toSorted((a, b) => rank(a) - rank(b));
  expect(stored).toBe('aifd; fwd=uri-miss; stored');
  expect(others[0]).toBe('aifd; fwd=uri-miss; collapsed');
  for (const other of others) expect(other).toMatch(/^aifd; (fwd=uri-miss; collapsed|hit; ttl=\d+)$/);
  const later = await told(call(way.client));
  expect(later.cache).toStartWith('aifd; hit');
  expect(later.data).toStrictEqual(answers[0]!.data);
});
