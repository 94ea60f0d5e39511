import { afterAll, expect, test } from 'bun:test';
import { readQuestion } from '../../src/openai/canonical.ts';
import { QuestionThread } from '../../src/gateway/cache/question-thread.ts';

const said: string[] = [];
const thread = new QuestionThread((message) => said.push(message));
afterAll(() => thread.close());

const large: [string, string][] = [
  [
    'prose',
    JSON.stringify({
      stream: true,
      messages: [{ role: 'user', content: 'héllo '.repeat(20_000) }],
      model: 'm',
      max_tokens: 7,
    }),
  ],
  ['numbers as they are written', `{"model":"m","b":1.0,"a":[${'12345678901234567890,'.repeat(5_000)}1e3]}`],
  ['what is no JSON', 'x'.repeat(100_000)],
  ['nested too deep', '{"a":'.repeat(30_000)],
];

test.each(large)('%s: the same is read of it', async (_, text) => {
  const here = readQuestion(Buffer.from(text));
  const there = await thread.read(Buffer.from(text));
  expect(there).toEqual(here && { ...here, canonical: new TextEncoder().encode(here.canonical) });
  expect(said).toEqual([]);
});

test('400,000 keys do not hold up the event loop', async () => {
  const text = `{"model":"m",${Array.from({ length: 400_000 }, (_, i) => `"k${i}":${i}`).join(',')}}`;
  const started = performance.now();
  JSON.parse(text);
  readQuestion(Buffer.from(text));
  const here = performance.now() - started;
  // The best of some: a busy machine holds up the loop as well.
  let longest = Infinity;
  for (let tries = 0; tries < 3 && longest > here / 3; tries++)
    longest = Math.min(longest, await longestPause(() => thread.read(Buffer.from(text))));
  // To copy it is what remains.
  expect(longest).toBeLessThan(here / 3);
});

/** How long the event loop stood still at most, meanwhile. Milliseconds. */
async function longestPause(act: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let before = performance.now();
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - before);
    before = now;
  };
  const looking = setInterval(look, 1);
  await act();
  look();
  clearInterval(looking);
  return longest;
}

test('while too much waits, a question is not read', async () => {
  const bytes = Buffer.from(JSON.stringify({ model: 'm', messages: 'x'.repeat(8_000_000) }));
  const reads = await Promise.all(Array.from({ length: 10 }, () => thread.read(bytes)));
  expect(reads.map((read) => read?.model)).toEqual([
    ...Array.from({ length: 8 }, () => 'm'),
    undefined,
    undefined,
  ]);
});

test('what waits when it is closed is not read', async () => {
  const closing = new QuestionThread(() => {});
  const reading = closing.read(Buffer.from('x'.repeat(100_000)));
  closing.close();
  expect(await reading).toBeUndefined();
});
