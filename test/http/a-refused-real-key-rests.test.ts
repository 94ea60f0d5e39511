import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'bun:test';
import { spawnAifd, startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask } from '../support/raw.ts';
import { startUpstream, type UpstreamRequest } from '../support/upstream.ts';
import { until } from '../support/until.ts';

const GOOD = 'sk-good-key-0123456789';
const BAD = 'sk-rea-key-that-was-revoked-abcd';
const json = { method: 'POST', headers: ['Content-Type: application/json'], body: '{"a":1}' };

const bodies = {
  openai: {
    error: {
      message:
        'Incorrect API key provided: sk-rea***********abcd. You can find your API key at https://x.test.',
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    },
  },
  anthropic: { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } },
  plain: { error: 'Unauthorized' },
};

const bearer = (request: UpstreamRequest): string => request.header('authorization')!.slice('Bearer '.length);

/** An upstream that refuses one key. */
const refusing = (status: number, body: unknown, headers: readonly string[] = [], key = BAD) =>
  startUpstream(async (request) => {
    await request.whole();
    if (bearer(request) !== key) return request.answer(200, 'ok');
    const bytes = body instanceof Uint8Array ? body : JSON.stringify(body);
    request.answer(status, bytes, ['Content-Type: application/json', ...headers]);
  });

describe('the next key is tried, and the refused one no more', () => {
  test.each([
    ['OpenAI’s 401', 401, bodies.openai, []],
    ['Anthropic’s 401', 401, bodies.anthropic, []],
    ['a 401 that says nothing', 401, bodies.plain, []],
    ['a compressed 401', 401, gzipSync(JSON.stringify(bodies.openai)), ['Content-Encoding: gzip']],
    ['a 403 for an account', 403, { error: { message: 'Your account was suspended.' } }, []],
    [
      'Google’s 400',
      400,
      { error: { code: 400, message: 'x', details: [{ reason: 'API_KEY_INVALID' }] } },
      [],
    ],
    ['a 429 without quota', 429, { error: { message: 'x', code: 'insufficient_quota' } }, []],
  ] as const)('%s', async (_, status, body, headers) => {
    await using upstream = await refusing(status, body, headers);
    await using aifd = await startAifd({
      OPENAI_BASE_URL: upstream.url,
      OPENAI_API_KEY: `${GOOD},${BAD}`,
      MAX_RETRIES: '0',
    });
    for (let i = 0; i < 6; i++) expect((await ask(aifd.url, '/v1/x', json)).text).toBe('ok');
    expect(upstream.requests.filter((request) => bearer(request) === BAD)).toHaveLength(1);
    expect(upstream.requests.filter((request) => request.text !== '{"a":1}')).toEqual([]);
  });
});

test('the operator is warned once, with the masked key, and told when it works again', async () => {
  let isRevoked = true;
  await using upstream = await startUpstream((request) =>
    isRevoked ? request.answer(401, JSON.stringify(bodies.openai)) : request.answer(200, 'ok'),
  );
  await using aifd = await spawnAifd({ OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: BAD });
  for (let i = 0; i < 3; i++) await ask(aifd.url, '/v1/x', json);
  isRevoked = false;
  expect((await ask(aifd.url, '/v1/x', json)).text).toBe('ok');
  await until(() => aifd.output.text.includes('again'));
  expect(aifd.output.text.match(/refuses its only key sk-…abcd \(status 401\)/g)).toHaveLength(1);
  expect(aifd.output.text).toContain('accepts the key sk-…abcd again');
  expect(aifd.output.text).not.toContain('sk-rea');
});

describe('when no key works, the client gets an error of aifd’s, without a part of the key', () => {
  test.each([
    ['401', 401, bodies.openai],
    ['401, another mask', 401, { error: { message: 'No key …abcd in any organization', code: 'x' } }],
    ['403 that shows it', 403, { error: { message: `Model m is not allowed for ${BAD}` } }],
  ])('%s', async (_, status, body) => {
    await using upstream = await refusing(status, body);
    await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: BAD });
    const response = await ask(aifd.url, '/v1/x', json);
    const message = expectRefusal(response, 502, 'upstream_key_refused');
    expect(message).toContain('Your own key is not the cause');
    expect(response.header('x-should-retry')).toBe('false');
    expect(JSON.stringify([response.text, response.message.headers])).not.toMatch(/sk-rea|abcd/);
    expect(upstream.requests).toHaveLength(1);
  });

  test('a body that can go only once is not sent again, and may be by the client', async () => {
    await using upstream = await refusing(401, bodies.openai);
    await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: `${BAD},${GOOD}` });
    const upload = { method: 'POST', body: 'x'.repeat(100_000) };
    const response = await ask(aifd.url, '/v1/x', upload);
    expectRefusal(response, 502, 'upstream_key_refused');
    expect(response.header('x-should-retry')).toBeUndefined();
    expect((await ask(aifd.url, '/v1/x', upload)).text).toBe('ok');
  });
});

describe('the upstream’s answer passes as it is', () => {
  test.each([
    ['a 403 for a model', 403, { error: { message: 'Model m is not allowed.', code: 'model_not_allowed' } }],
    ['a 401 for an organization', 401, { error: { message: 'No such organization: org-1.', code: 'x' } }],
    ['a 429 for its rate', 429, { error: { message: 'Slow down', code: 'rate_limit_exceeded' } }],
    ['a 429 of the only key’s quota', 429, { error: { message: 'No quota', code: 'insufficient_quota' } }],
    ['a 400 that quotes the client', 400, { error: { message: 'No model API_KEY_INVALID.', code: 'x' } }],
  ])('%s', async (_, status, body) => {
    await using upstream = await refusing(status, body);
    await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, OPENAI_API_KEY: BAD });
    const response = await ask(aifd.url, '/v1/x', json);
    expect([response.status, response.json()]).toEqual([status, body]);
  });

  test('a 401 of the client’s own key', async () => {
    await using upstream = await refusing(401, bodies.openai, [], 'sk-own-key-of-the-client');
    await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url });
    const headers = [...json.headers, 'Authorization: Bearer sk-own-key-of-the-client'];
    const response = await ask(aifd.url, '/v1/x', { ...json, headers });
    expect([response.status, response.json()]).toEqual([401, bodies.openai]);
  });
});
