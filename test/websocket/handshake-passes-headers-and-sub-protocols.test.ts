import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { Client, shakeHands } from './client.ts';
import { startRawUpstream } from './raw-upstream.ts';
import { startWebSocketUpstream } from './upstream.ts';

test('headers, path and query reach the upstream, and its Host is its own', async () => {
  await using upstream = startWebSocketUpstream();
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await Client.open(aifd.url, {
    path: '/v1/realtime?model=gpt-realtime&x=%2F',
    headers: { 'openai-beta': 'realtime=v1', authorization: 'Bearer sk-own', origin: 'https://page.test' },
  });
  expect(client.socket.readyState).toBe(WebSocket.OPEN);
  const { url, headers } = upstream.requests[0]!;
  expect(url).toBe(`${upstream.url}/v1/realtime?model=gpt-realtime&x=%2F`);
  expect(headers.get('openai-beta')).toBe('realtime=v1');
  expect(headers.get('authorization')).toBe('Bearer sk-own');
  expect(headers.get('origin')).toBe('https://page.test');
});

test('sub-protocols reach the upstream in order, and the chosen one the client', async () => {
  using upstream = await startRawUpstream({ choose: () => 'openai-beta.realtime-v1' });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await Client.open(aifd.url, { protocols: ['realtime', 'openai-beta.realtime-v1'] });
  expect(client.socket.protocol).toBe('openai-beta.realtime-v1');
  expect((await upstream.peer()).header('Sec-WebSocket-Protocol')).toBe('realtime, openai-beta.realtime-v1');
});

test("the upstream's answer headers reach the client, with one right Sec-WebSocket-Accept", async () => {
  using upstream = await startRawUpstream({});
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using hands = await shakeHands(aifd.url);
  const { response } = hands;
  expect(response.status).toBe(101);
  expect(response.all('sec-websocket-accept')).toEqual(['s3pPLMBiTxaQ9kYGzzhZRbK+xOo=']);
  expect(response.all('x-request-id')).toHaveLength(1);
  expect(response.all('sec-websocket-protocol')).toEqual([]);
});

test('no extension is agreed on that nobody here speaks', async () => {
  using upstream = await startRawUpstream({});
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using hands = await shakeHands(aifd.url, undefined, ['Sec-WebSocket-Extensions: permessage-deflate']);
  const { response } = hands;
  expect(response.all('sec-websocket-extensions')).toEqual([]);
  expect((await upstream.peer()).header('Sec-WebSocket-Extensions')).toBeUndefined();
});
