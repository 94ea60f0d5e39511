import { expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';

test.each(['/healthz', '/readyz', '/healthz?x=1'])(
  '%s is OK, with keys set and an upstream that is not there',
  async (path) => {
    await using aifd = await startAifd({
      OPENAI_BASE_URL: 'http://127.0.0.1:1',
      FORWARD_KEY: 'fk-0123456789abc',
    });
    const response = await ask(aifd.url, path);
    expect({ status: response.status, body: response.text }).toEqual({ status: 200, body: 'OK' });
  },
);

test('HEAD /healthz is OK without a body', async () => {
  await using aifd = await startAifd({
    OPENAI_BASE_URL: 'http://127.0.0.1:1',
    FORWARD_KEY: 'fk-0123456789abc',
  });
  const response = await ask(aifd.url, '/healthz', { method: 'HEAD' });
  expect({ status: response.status, body: response.text }).toEqual({ status: 200, body: '' });
});

test.each(['/healthz/x', '/healthzz', '/v1/healthz'])(
  '%s is not health: it goes the way of all requests',
  async (path) => {
    await using aifd = await startAifd({ FORWARD_KEY: 'fk-0123456789abc' });
    expect((await ask(aifd.url, path)).status).toBe(401);
  },
);
