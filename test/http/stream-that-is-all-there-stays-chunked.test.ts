import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const whole = (type: string): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\nd\r\ndata: hello\n\n\r\n0\r\n\r\n`;

// A client that waits for the last chunk waited for ever when all events came in one read.
test('a stream of events that comes all at once has no Content-Length', async () => {
  await using upstream = await startUpstream((request) => request.send(whole('text/event-stream')));
  await using aifd = await startAifd(forwardingTo(upstream.url));
  const response = await ask(aifd.url, '/x');
  expect([response.status, response.text]).toEqual([200, 'data: hello\n\n']);
  expect(response.header('content-length')).toBeUndefined();
  expect(response.header('transfer-encoding')).toBe('chunked');
});
