import { expect, test } from 'bun:test';
import { gzipSync } from 'node:zlib';
import type { RawResponse } from '../support/raw.ts';
import { expectRefusal } from '../support/refusal.ts';
import { until } from '../support/until.ts';
import type { Handler, UpstreamRequest } from '../support/upstream.ts';
import {
  chat,
  chatPath,
  chunk,
  completion,
  delta,
  jsonType,
  lastChunk,
  limit,
  remainingTokens,
  sseType,
  startWay,
  streamHead,
  type Way,
} from './support.ts';

const AMOUNT = 1000;
const tokens = { TOKENS_LIMIT: limit(`${AMOUNT}/hour`) };
const answering =
  (act: (request: UpstreamRequest) => unknown): Handler =>
  async (request) => {
    await request.whole();
    await act(request);
  };

/** The tokens that a plain request of `max_tokens: 1` reserves, and what it leaves. */
const look = (way: Way): Promise<RawResponse> => way.ask(chatPath, chat({ max_tokens: 1 }));

/** Waits until so many tokens are counted, by requests that give back what they take: refused upstream with 400. */
async function used(way: Way, within: (tokens: number) => boolean): Promise<number> {
  let seen = Number.NaN;
  await until(
    async () => {
      const response = await way.ask(chatPath, chat({ max_tokens: 1, user: 'probe' }));
      seen = AMOUNT - remainingTokens(response) - PROBE;
      return within(seen);
    },
    'as many tokens are counted as were used',
    3000,
  ).catch(() => {
    throw new Error(`counted: ${seen}`);
  });
  return seen;
}
/** What the probe itself reserves: see the first test. */
const PROBE = 6;

/** Probes are refused upstream and so cost nothing; the others get `act`. */
const besideProbes = (act: (request: UpstreamRequest) => unknown): Handler =>
  answering((request) =>
    request.text.includes('"probe"') ? request.answer(400, '{}', jsonType) : act(request),
  );

test('a probe reserves what it is said to', async () => {
  await using way = await startWay(
    tokens,
    besideProbes(() => {}),
  );
  expect(await used(way, () => true)).toBe(0);
  expect(await used(way, () => true)).toBe(0);
});

test('what is asked for is reserved on entry: two at once that are too much together', async () => {
  await using way = await startWay(tokens, () => {});
  using first = await way.begin(chatPath, chat({ max_tokens: 600 }));
  await way.upstream.request(0);
  const second = await way.ask(chatPath, chat({ max_tokens: 600 }));
  expectRefusal(second, 429, 'rate_limit_exceeded');
  expect(second.json()).toMatchObject({ error: { type: 'tokens' } });
  expect(second.header('x-ratelimit-limit-tokens')).toBe('1000');
  expect(remainingTokens(second)).toBeLessThan(400);
  expect(second.header('x-ratelimit-reset-tokens')).toMatch(/^(\d+h)?(\d+m)?\d+(\.\d+)?s$/);
  expect(Number(second.header('retry-after-ms'))).toBeGreaterThan(0);
  expect(way.upstream.requests).toHaveLength(1);
  first.leave();
});

test('usage of a JSON answer is what is counted', async () => {
  await using way = await startWay(
    tokens,
    besideProbes((request) => request.answer(200, completion(321), jsonType)),
  );
  const response = await way.ask(chatPath, chat({ max_tokens: 900 }));
  expect(remainingTokens(response)).toBeLessThan(100);
  expect(await used(way, (n) => n === 321)).toBe(321);
});

test('usage over what was reserved is counted too', async () => {
  await using way = await startWay(
    tokens,
    besideProbes((request) => request.answer(200, completion(990), jsonType)),
  );
  await look(way);
  await until(async () => (await look(way)).status === 429, 'the window is used up');
});

test('usage of a stream that has it', async () => {
  const usage = `data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":40,"total_tokens":50}}\n\n`;
  const body = delta('hello') + usage + 'data: [DONE]\n\n';
  await using way = await startWay(
    tokens,
    besideProbes((request) => request.answer(200, body, [sseType])),
  );
  await way.ask(chatPath, chat({ max_tokens: 900, stream: true, stream_options: { include_usage: true } }));
  expect(await used(way, (n) => n === 50)).toBe(50);
});

test('a stream without usage is counted by what came', async () => {
  const body = delta('x'.repeat(400)).repeat(3) + 'data: [DONE]\n\n';
  await using way = await startWay(
    tokens,
    besideProbes((request) => request.answer(200, body, [sseType])),
  );
  await way.ask(chatPath, chat({ max_tokens: 900, stream: true }));
  expect(await used(way, (n) => n >= 290 && n <= 320)).toBeGreaterThan(0);
});

test.each([
  ['JSON', () => completion(77), jsonType],
  [
    'SSE',
    () =>
      `${delta('a')}data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":70,"total_tokens":77}}\n\n`,
    [sseType],
  ],
])('a gzip answer: %s', async (_, body, type) => {
  const bytes = gzipSync(body());
  await using way = await startWay(
    tokens,
    besideProbes((request) => request.answer(200, bytes, [...type, 'Content-Encoding: gzip'])),
  );
  await way.ask(chatPath, chat({ max_tokens: 900 }, ['Accept-Encoding: gzip']));
  expect(await used(way, (n) => n === 77)).toBe(77);
});

test.each([400, 401, 429, 500, 503])('an error answer gives all back: %i', async (status) => {
  await using way = await startWay(
    tokens,
    besideProbes((request) => request.answer(status, '{"error":{"message":"x"}}', jsonType)),
  );
  expect((await way.ask(chatPath, chat({ max_tokens: 900 }))).status).toBe(status);
  expect(await used(way, (n) => n === 0)).toBe(0);
});

test('usage of an upstream that failed counts', async () => {
  await using way = await startWay(
    tokens,
    besideProbes((request) => request.answer(500, completion(321), jsonType)),
  );
  expect((await way.ask(chatPath, chat({ max_tokens: 900 }))).status).toBe(500);
  expect(await used(way, (n) => n === 321)).toBe(321);
});

test('an upstream that dies before its answer gives all back', async () => {
  await using way = await startWay(
    tokens,
    besideProbes((request) => request.die()),
  );
  expect((await way.ask(chatPath, chat({ max_tokens: 900 }))).status).toBe(502);
  expect(await used(way, (n) => n === 0)).toBe(0);
});

test('an answer that cannot be passed on counts what it used', async () => {
  await using way = await startWay(
    tokens,
    besideProbes((request) => request.answer(700, completion(500), jsonType)),
  );
  expect((await way.ask(chatPath, chat({ max_tokens: 900 }))).status).toBe(502);
  expect(await used(way, (n) => n === 500)).toBe(500);
});

test('a client that leaves a stream pays for what was reserved', async () => {
  await using way = await startWay(
    tokens,
    besideProbes((request) => request.send(streamHead + chunk(delta('x'.repeat(400))))),
  );
  using client = await way.begin(chatPath, chat({ max_tokens: 800, stream: true }));
  await client.seen('xxx');
  client.leave();
  expect(await used(way, (n) => n >= 800 && n <= 815)).toBeGreaterThan(0);
});

test('an upstream that dies in its stream: what was sent', async () => {
  await using way = await startWay(
    tokens,
    besideProbes(async (request) => {
      request.send(streamHead + chunk(delta('x'.repeat(400))));
      await until(() => request.socket.writableLength === 0);
      request.end();
    }),
  );
  const response = await way.ask(chatPath, chat({ max_tokens: 800, stream: true }));
  expect(response.complete).toBe(false);
  expect(await used(way, (n) => n >= 95 && n <= 115)).toBeGreaterThan(0);
});

test('a client that leaves before the answer pays for what was reserved', async () => {
  await using way = await startWay(
    tokens,
    besideProbes(() => {}),
  );
  const prompt = { messages: [{ role: 'user', content: 'y'.repeat(1200) }], max_tokens: 500 };
  using client = await way.begin(chatPath, chat(prompt));
  await (await way.upstream.request(0)).whole();
  client.leave();
  expect(await used(way, (n) => n >= 795 && n <= 815)).toBeGreaterThan(0);
});

test('the whole stream of a paced answer is counted', async () => {
  const body = delta('x'.repeat(400)).repeat(3);
  await using way = await startWay(
    { ...tokens, TOKEN_RATE_LIMIT: limit('1000/second') },
    besideProbes((request) => request.send(streamHead + chunk(body) + lastChunk)),
  );
  await way.ask(chatPath, chat({ max_tokens: 900, stream: true }));
  expect(await used(way, (n) => n >= 290 && n <= 320)).toBeGreaterThan(0);
});

test('a request that alone is more than the limit is refused, and told not to try again', async () => {
  await using way = await startWay(tokens);
  const response = await way.ask(chatPath, chat({ max_tokens: 1001 }));
  expectRefusal(response, 429, 'rate_limit_exceeded');
  expect(response.header('x-should-retry')).toBe('false');
  expect(way.upstream.requests).toHaveLength(0);
});

test('n answers of max_tokens reserve n times as much', async () => {
  await using way = await startWay(tokens);
  expect((await way.ask(chatPath, chat({ max_tokens: 400, n: 3 }))).status).toBe(429);
});
