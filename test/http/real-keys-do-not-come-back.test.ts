import { expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const REAL = 'sk-real+key/0123456789';
const env = { OPENAI_API_KEY: REAL, FORWARD_KEY: 'fk-forward-key-1' };
const escaped = encodeURIComponent(REAL);

test('a forward key in the query becomes a real key in a header, and the query holds none', async () => {
  await using upstream = await startUpstream((request) => request.answer(200));
  await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, ...env });
  await ask(aifd.url, '/v1beta/models?a=1&key=fk-forward-key-1&b=2');
  const [request] = upstream.requests;
  expect(request!.target).toBe('/v1beta/models?a=1&b=2');
  expect(request!.header('x-goog-api-key')).toBe(REAL);
  expect(request!.header('authorization')).toBeUndefined();
});

test.each(['Location', 'Link', 'Content-Location', 'WWW-Authenticate', 'X-Debug', 'Set-Cookie'])(
  'a real key that the upstream repeats in %s is hidden',
  async (name) => {
    const fields = [`${name}: a=${REAL};b=${escaped}`, `X-Long: ${'x'.repeat(300)}${REAL}${REAL}`];
    await using upstream = await startUpstream((request) => request.answer(200, 'ok', fields));
    await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, ...env });
    const headers = ['Authorization: Bearer fk-forward-key-1'];
    const response = await ask(aifd.url, '/v1/x', { headers });
    expect(response.header(name.toLowerCase())).toBe('a=***;b=***');
    expect(response.header('x-long')).toBe(`${'x'.repeat(300)}******`);
  },
);

test('a key of the client that passes comes back as the upstream sends it', async () => {
  await using upstream = await startUpstream((request) =>
    request.answer(200, 'ok', ['X-Debug: sk-the-clients-own-key']),
  );
  await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url });
  const headers = ['Authorization: Bearer sk-the-clients-own-key'];
  const response = await ask(aifd.url, '/v1/x', { headers });
  expect(response.header('x-debug')).toBe('sk-the-clients-own-key');
});
