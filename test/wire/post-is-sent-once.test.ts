import { describe, expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const post = { method: 'POST', headers: ['Content-Type: application/json'], body: '{"a":1}' };

/** An upstream whose connections die `afterMs` after their second request. */
const dying = (how: 'end' | 'die', afterMs: number) =>
  startUpstream(async (request) => {
    await request.whole();
    if (request.target === '/warm') return request.answer(200, 'ok');
    await Bun.sleep(afterMs);
    request[how]();
  });

describe.each(['end', 'die'] as const)(
  'a pooled connection that dies (%s) after the upstream began',
  (how) => {
    test.each(['0', '3'])('MAX_RETRIES=%s', async (MAX_RETRIES) => {
      await using upstream = await dying(how, 60);
      await using aifd = await startAifd({ ...forwardingTo(upstream.url), MAX_RETRIES });
      await ask(aifd.url, '/warm', post);
      expectRefusal(await ask(aifd.url, '/v1/x', post), 502, 'upstream_disconnected');
      expect(upstream.requests.map(({ target }) => target)).toEqual(['/warm', '/v1/x']);
      expect(upstream.accepted).toBe(1);
    });
  },
);

test('nor when a byte of the response had come', async () => {
  await using upstream = await startUpstream(async (request) => {
    await request.whole();
    if (request.target === '/warm') return request.answer(200, 'ok');
    request.send('HTTP/1.1 2');
    request.end();
  });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  await ask(aifd.url, '/warm', post);
  expectRefusal(await ask(aifd.url, '/v1/x', post), 502, 'upstream_disconnected');
  expect(upstream.requests).toHaveLength(2);
});
