import { expect, test } from 'bun:test';
import { RawClient } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';
import { until, within } from '../support/until.ts';
import { refusesConnections, spawnServer } from './spawn.ts';

test('an upload that is under way at SIGTERM arrives whole and gets its answer', async () => {
  await using upstream = await startUpstream();
  await using aifd = await spawnServer({ OPENAI_BASE_URL: upstream.url });
  using client = await RawClient.open(aifd.url);
  client.send(
    'POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Type: audio/wav\r\nContent-Length: 200000\r\n\r\n',
  );
  client.send(Buffer.alloc(100_000, 'a'));
  const request = await upstream.request();
  aifd.child.kill('SIGTERM');
  await refusesConnections(aifd.url);
  client.send(Buffer.alloc(100_000, 'b'));
  expect((await client.response('POST')).text).toBe('ok');
  expect((await request.whole()).message.body.length).toBe(200_000);
  expect((await within(aifd.ended(), 'it ends')).code).toBe(0);
});

test('a WebSocket goes on after SIGTERM; aifd ends when it has', async () => {
  await using upstream = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('no')),
    websocket: { message: (socket, message) => void socket.send(message) },
  });
  await using aifd = await spawnServer({ OPENAI_BASE_URL: `http://127.0.0.1:${upstream.port}` });
  const socket = new WebSocket(`${aifd.url.replace('http', 'ws')}/v1/realtime`);
  const messages: unknown[] = [];
  socket.addEventListener('message', ({ data }) => messages.push(data));
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  aifd.child.kill('SIGTERM');
  await refusesConnections(aifd.url);
  socket.send('still there?');
  await until(() => messages.length > 0, 'the echo comes');
  expect(messages).toEqual(['still there?']);
  socket.close(1000);
  expect((await within(aifd.ended(), 'it ends')).code).toBe(0);
});
