import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask } from '../support/raw.ts';
import { shakeHands } from './client.ts';
import { startRawUpstream } from './raw-upstream.ts';

const body = '{"error":{"message":"no realtime for you","code":"forbidden"}}';
const answer = (status: string, extra = ''): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${extra}\r\n${body}`;

test.each(['403 Forbidden', '401 Unauthorized', '429 Too Many Requests', '200 OK', '426 Upgrade Required'])(
  "the upstream's %s is the client's, with its body",
  async (status) => {
    using upstream = await startRawUpstream({ refuse: () => answer(status, 'X-Why: rules\r\n') });
    await using aifd = await startAifd(forwardingTo(upstream.url));
    using hands = await shakeHands(aifd.url);
    const { response } = hands;
    expect(response.status).toBe(Number(status.slice(0, 3)));
    expect(response.text).toBe(body);
    expect(response.header('x-why')).toBe('rules');
  },
);

test('a 101 with a wrong Sec-WebSocket-Accept is no WebSocket', async () => {
  using upstream = await startRawUpstream({
    refuse: () =>
      'HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n',
  });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using hands = await shakeHands(aifd.url);
  const { response } = hands;
  expectRefusal(response, 502, 'upstream_invalid_response');
});

test('a 101 that nobody asked for is no answer', async () => {
  using upstream = await startRawUpstream({
    refuse: () => 'HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  expectRefusal(await ask(aifd.url, '/v1/models'), 502, 'upstream_invalid_response');
});

test('an upstream that is not there is a 502 for a WebSocket too', async () => {
  await using aifd = await startAifd({ ...forwardingTo('http://127.0.0.1:1'), MAX_RETRIES: '0' });
  using hands = await shakeHands(aifd.url);
  const { response } = hands;
  expectRefusal(response, 502, 'upstream_unreachable');
});
