import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

test('/healthz and /readyz are answered here, and nothing like them is', async () => {
  await using upstream = await startUpstream();
  await using aifd = await startAifd(forwardingTo(upstream.url));
  expect((await ask(aifd.url, '/healthz')).text).toBe('OK');
  expect((await ask(aifd.url, '/healthz?x=1')).text).toBe('OK');
  expect((await ask(aifd.url, '/readyz')).status).toBe(200);
  expect((await ask(aifd.url, '/healthz', { method: 'HEAD' })).status).toBe(200);
  expect(upstream.requests).toHaveLength(0);
  await ask(aifd.url, '/v1/healthz');
  await ask(aifd.url, '/healthzz');
  expect(upstream.requests.map(({ target }) => target)).toEqual(['/v1/healthz', '/healthzz']);
});

test('they have a request id, as every answer', async () => {
  await using aifd = await startAifd();
  expect((await ask(aifd.url, '/healthz')).header('x-request-id')).toMatch(/^req_/);
  expect((await ask(aifd.url, '/readyz')).header('x-request-id')).toMatch(/^req_/);
});
