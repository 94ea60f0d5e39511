import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';
import { until } from '../support/until.ts';

const big = { method: 'POST', headers: ['Content-Type: text/plain'], body: 'x'.repeat(7_900_000) };
const small = { method: 'POST', headers: ['Content-Type: application/json'], body: '{"a":1}' };

test('an upstream that answers before it has read the body gets the next request on another connection', async () => {
  await using upstream = await startUpstream(async (request, index) => {
    if (index > 0) return request.answer(200, 'victim');
    // As an API with a limit does: it answers, and reads on later.
    request.socket.pause();
    request.answer(413, 'too large');
    await until(() => upstream.requests.length > 1);
    request.socket.resume();
  });
  // With a token limit, a body of up to 8 MB is read whole before it is sent.
  await using aifd = await startAifd({
    ...forwardingTo(upstream.url),
    TOKENS_LIMIT: '{"/": "1000000000/minute"}',
  });
  expect((await ask(aifd.url, '/v1/x', big)).status).toBe(413);
  expect((await ask(aifd.url, '/v1/x', small)).text).toBe('victim');
  expect(upstream.requests[1]!.socket).not.toBe(upstream.requests[0]!.socket);
  await upstream.requests[0]!.gone;
  expect(upstream.requests[0]!.text).not.toContain('POST');
});
