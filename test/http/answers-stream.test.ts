import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

test('each event reaches the client before the upstream sends the next', async () => {
  await using upstream = await startUpstream((request) =>
    request.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'),
  );
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await RawClient.open(aifd.url);
  client.send(requestBytes('/v1/chat/completions', { method: 'POST', body: '{"stream":true}' }));
  const request = await upstream.request();
  for (let i = 0; i < 20; i++) {
    request.send(chunk(`data: ${i}\n\n`));
    await client.seen(`data: ${i}\n\n`);
  }
  request.send('0\r\n\r\n');
  const response = await client.response();
  expect(response.text).toBe(Array.from({ length: 20 }, (_, i) => `data: ${i}\n\n`).join(''));
  // The connection serves the next request: it was put back.
  client.send(requestBytes('/v1/chat/completions', { method: 'POST', body: '{}' }));
  (await upstream.request(1)).send('0\r\n\r\n');
  expect((await client.response()).status).toBe(200);
  expect(upstream.accepted).toBe(1);
});

test('the head reaches the client before the first byte of the body', async () => {
  await using upstream = await startUpstream((request) =>
    request.send(
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Early: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    ),
  );
  await using aifd = await startAifd(forwardingTo(upstream.url));
  using client = await RawClient.open(aifd.url);
  client.send(requestBytes('/x'));
  await client.seen('X-Early: 1');
});
