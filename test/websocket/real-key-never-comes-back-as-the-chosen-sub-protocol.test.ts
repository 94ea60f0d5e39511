import { expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { shakeHands } from './client.ts';
import { startRawUpstream } from './raw-upstream.ts';

const forwardKey = 'fk-0123456789abcdef';
const realKey = 'sk-real-0123456789';

// The `ws` package chooses the first that is offered; others the last.
test.each([
  ['the only one', `openai-insecure-api-key.${forwardKey}`],
  ['the last', `realtime, openai-insecure-api-key.${forwardKey}`],
])('an upstream that chooses the key (%s) does not tell the client the real one', async (_which, offer) => {
  using upstream = await startRawUpstream({ choose: (offered) => offered?.split(',').at(-1)?.trim() });
  await using aifd = await startAifd({
    OPENAI_BASE_URL: upstream.url,
    FORWARD_KEY: forwardKey,
    OPENAI_API_KEY: realKey,
  });
  using hands = await shakeHands(aifd.url, '/v1/realtime', [`Sec-WebSocket-Protocol: ${offer}`]);
  const { raw } = hands;
  expect((await upstream.peer()).head).toContain(realKey);
  expect(raw.log).not.toContain(realKey);
});
