import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';
import { until, within } from '../support/until.ts';
import { startRawUpstream } from './raw-upstream.ts';

const headers = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

test('a client that leaves before the upstream agreed ends the upstream connection within a second', async () => {
  await using upstream = await startUpstream(() => {});
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await RawClient.open(aifd.url);
  client.send(requestBytes('/v1/realtime', { headers }));
  const request = await upstream.request();
  client.leave();
  await within(request.gone, 'it ends upstream', 1000);
  expect(upstream.sockets.size).toBe(0);
});

test.each([
  ['no key', headers.slice(0, 3)],
  ['a key that is none', [...headers.slice(0, 3), 'Sec-WebSocket-Key: x']],
])(
  'a handshake with %s is a refusal of the client, and leaves nothing open upstream',
  async (_what, lines) => {
    using upstream = await startRawUpstream({});
    await using aifd = await startAifd(forwardingTo(upstream.url));
    using client = await RawClient.open(aifd.url);
    const response = await client.send(requestBytes('/v1/realtime', { headers: lines })).response();
    expect(response.status).toBe(400);
    await until(() => upstream.peers.every(({ closed }) => closed), 'it ends upstream', 1000);
  },
);
