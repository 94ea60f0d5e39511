import { expect, test } from 'bun:test';
import { OpenAI, RateLimitError } from 'openai';
import { expectRefusal } from '../support/refusal.ts';
import { bearer, chat, chatPath, completion, jsonType, limit, startWay } from './support.ts';

test('a refusal has the shape and the headers that clients know', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('2/hour'), FORWARD_KEY: 'fk-secret-of-a-client' });
  const asked = { headers: [bearer('fk-secret-of-a-client')] };
  await way.statuses(2, chatPath, asked);
  const refused = await way.ask(chatPath, asked);
  const message = expectRefusal(refused, 429, 'rate_limit_exceeded');
  expect(message).toContain('2/hour');
  expect(message).not.toContain('secret');
  expect(refused.json()).toMatchObject({ error: { type: 'requests' } });
  const retryMs = Number(refused.header('retry-after-ms'));
  expect(refused.header('retry-after')).toBe(String(Math.ceil(retryMs / 1000)));
  expect(retryMs).toBeGreaterThan(3_590_000);
  expect(retryMs).toBeLessThanOrEqual(3_600_000);
  expect(refused.header('x-ratelimit-limit-requests')).toBe('2');
  expect(refused.header('x-ratelimit-remaining-requests')).toBe('0');
  expect(refused.header('x-ratelimit-reset-requests')).toMatch(/^(1h0m0s|59m5\ds)$/);
  expect(refused.all('ratelimit-policy')).toEqual(['"requests";q=2;w=3600']);
  expect(refused.header('ratelimit')).toMatch(/^"requests";r=0;t=3[56]\d\d$/);
  expect(way.upstream.requests).toHaveLength(2);
});

test('a HEAD is refused without a body and with all the headers', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour') });
  await way.ask(chatPath, { method: 'HEAD' });
  const refused = await way.ask(chatPath, { method: 'HEAD' });
  expect(refused.status).toBe(429);
  expect(refused.header('retry-after-ms')).toBeDefined();
});

test('of several windows the one that must be waited for longest is told', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/minute;1/hour') });
  await way.ask();
  const refused = await way.ask();
  expect(refused.header('x-ratelimit-reset-requests')).toMatch(/^(1h|59m)/);
  expect(Number(refused.header('retry-after'))).toBeGreaterThan(3500);
});

test('what passed has RateLimit and RateLimit-Policy beside the upstream’s own', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('5/minute;60/hour') }, async (request) => {
    await request.whole();
    request.answer(200, '{}', [
      ...jsonType,
      'x-ratelimit-remaining-requests: 4999',
      'x-ratelimit-remaining-tokens: 77',
      'RateLimit: "theirs";r=9;t=1',
    ]);
  });
  const passed = await way.ask();
  expect(passed.header('x-ratelimit-remaining-requests')).toBe('4999');
  expect(passed.all('x-ratelimit-remaining-tokens')).toEqual(['77']);
  expect(passed.all('ratelimit').join(', ')).toContain('"theirs";r=9;t=1');
  const ours = passed.all('ratelimit').join(', ');
  expect(ours).toMatch(/"requests-60s";r=4;t=\d+, "requests-3600s";r=59;t=\d+/);
  expect(passed.all('ratelimit-policy')).toEqual(['"requests-60s";q=5;w=60, "requests-3600s";q=60;w=3600']);
});

test('an upstream’s own 429 passes as it is', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('5/minute') }, async (request) => {
    await request.whole();
    request.answer(429, '{"error":{"code":"theirs"}}', [...jsonType, 'Retry-After: 7']);
  });
  const passed = await way.ask();
  expect(passed.text).toBe('{"error":{"code":"theirs"}}');
  expect(passed.all('retry-after')).toEqual(['7']);
});

test('routes without a limit have no such headers', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('5/minute') });
  const passed = await way.ask('/v1/models');
  expect(passed.all('ratelimit')).toEqual([]);
  expect(passed.all('ratelimit-policy')).toEqual([]);
});

test('a page of another origin may read them', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour'), CORS_ORIGINS: 'https://app.test' });
  const asked = { headers: ['Origin: https://app.test'] };
  await way.ask(chatPath, asked);
  const refused = await way.ask(chatPath, asked);
  expect(refused.status).toBe(429);
  expect(refused.header('access-control-allow-origin')).toBe('https://app.test');
});

const ask = (client: OpenAI) =>
  client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });

test('OpenAI’s SDK waits as it is told, and its second try succeeds', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/second') }, async (request) => {
    await request.whole();
    request.answer(200, completion(2), jsonType);
  });
  const seen: (string | null)[] = [];
  const client = new OpenAI({
    apiKey: 'sk-client',
    baseURL: `${way.url}/v1`,
    maxRetries: 1,
    fetch: async (...args: Parameters<typeof fetch>) => {
      const response = await fetch(...args);
      seen.push(`${response.status}`);
      return response;
    },
  });
  await ask(client);
  await ask(client);
  await ask(client);
  expect(seen).toEqual(['200', '429', '200', '429', '200']);
  expect(way.upstream.requests).toHaveLength(3);
}, 15_000);

test('OpenAI’s SDK has it as a RateLimitError with its code', async () => {
  await using way = await startWay({ REQ_RATE_LIMIT: limit('1/hour') });
  await way.ask(chatPath, { headers: [bearer('sk-client')] });
  const client = new OpenAI({ apiKey: 'sk-client', baseURL: `${way.url}/v1`, maxRetries: 0 });
  const failure: unknown = await ask(client).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RateLimitError);
  expect(failure).toMatchObject({ status: 429, code: 'rate_limit_exceeded', type: 'requests' });
});

test('OpenAI’s SDK does not try again what can never pass', async () => {
  await using way = await startWay({ TOKENS_LIMIT: limit('100/hour') });
  let tries = 0;
  const client = new OpenAI({
    apiKey: 'sk-client',
    baseURL: `${way.url}/v1`,
    maxRetries: 2,
    fetch: (...args: Parameters<typeof fetch>) => {
      tries++;
      return fetch(...args);
    },
  });
  const body = JSON.parse(chat({ max_tokens: 500 }).body as string) as { model: string; messages: [] };
  const failure: unknown = await client.chat.completions.create(body).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(RateLimitError);
  expect(tries).toBe(1);
});
