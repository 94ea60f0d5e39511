import { afterAll, describe, expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const upstream = await startUpstream((request) =>
  request.answer(200, 'ok', ['Access-Control-Allow-Origin: *', 'Access-Control-Allow-Credentials: true']),
);
const unset = await startAifd(forwardingTo(upstream.url));
const named = await startAifd({
  ...forwardingTo(upstream.url),
  CORS_ORIGINS: 'https://a.test,https://b.test',
});
const any = await startAifd({
  ...forwardingTo(upstream.url),
  CORS_ORIGINS: '*',
  FORWARD_KEY: 'fk-123456789',
});
afterAll(async () => {
  for (const one of [unset, named, any, upstream]) await one[Symbol.asyncDispose]();
});

const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: [
    `Origin: ${origin}`,
    'Access-Control-Request-Method: POST',
    'Access-Control-Request-Headers: authorization,x-stainless-os',
  ],
});

describe('unset', () => {
  test('a preflight goes upstream like anything else', async () => {
    const before = upstream.requests.length;
    const response = await ask(unset.url, '/v1/x', preflight('https://a.test'));
    expect(response.text).toBe('ok');
    expect(response.header('access-control-allow-credentials')).toBe('true');
    expect(upstream.requests).toHaveLength(before + 1);
    expect(upstream.requests.at(-1)!.method).toBe('OPTIONS');
  });
});

describe('set', () => {
  test('a preflight of a listed origin is answered here', async () => {
    const before = upstream.requests.length;
    const response = await ask(named.url, '/v1/x', preflight('https://a.test'));
    expect(response.status).toBe(204);
    expect(response.header('access-control-allow-origin')).toBe('https://a.test');
    expect(response.header('access-control-allow-methods')).toContain('POST');
    expect(response.header('access-control-allow-headers')).toContain('x-stainless-os');
    expect(response.header('vary')?.toLowerCase()).toContain('origin');
    expect(response.header('x-request-id')).toMatch(/^req_/);
    expect(upstream.requests).toHaveLength(before);
  });

  test('one of another origin gets no leave', async () => {
    for (const origin of ['https://evil.test', 'null', 'https://a.test.evil', 'http://a.test']) {
      const response = await ask(named.url, '/v1/x', preflight(origin));
      expect(response.header('access-control-allow-origin')).toBeUndefined();
    }
  });

  test('the upstream’s own words on CORS are replaced', async () => {
    const good = await ask(named.url, '/v1/x', { headers: ['Origin: https://b.test'] });
    expect(good.all('access-control-allow-origin')).toEqual(['https://b.test']);
    const bad = await ask(named.url, '/v1/x', { headers: ['Origin: https://evil.test'] });
    expect(bad.all('access-control-allow-origin')).toEqual([]);
    expect(bad.all('access-control-allow-credentials')).toEqual([]);
  });

  test('an OPTIONS that is no preflight goes upstream', async () => {
    const before = upstream.requests.length;
    await ask(named.url, '/v1/x', { method: 'OPTIONS' });
    expect(upstream.requests).toHaveLength(before + 1);
  });
});

test('`*` never comes with credentials, and refusals can be read by the page too', async () => {
  const headers = ['Origin: https://a.test'];
  const answers = [
    await ask(any.url, '/v1/x', preflight('https://a.test')),
    await ask(any.url, '/v1/x', { headers }),
    await ask(any.url, '/v1/x', { headers: [...headers, 'Authorization: Bearer fk-123456789'] }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([204, 401, 200]);
  for (const answer of answers) {
    expect(answer.header('access-control-allow-origin')).toBe('*');
    expect(answer.header('access-control-allow-credentials')).toBeUndefined();
  }
});
