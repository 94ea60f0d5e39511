import { afterAll, expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { RawClient } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';
import { until } from '../support/until.ts';

const upstream = await startUpstream();
const aifd = await startAifd(forwardingTo(upstream.url));
afterAll(async () => {
  await aifd[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

test.each([
  ['a Content-Length', 'Content-Length: 200000', 'x'.repeat(1000), 'x'.repeat(199_000)],
  ['chunks', 'Transfer-Encoding: chunked', '3\r\nabc\r\n', '3\r\ndef\r\n0\r\n\r\n'],
])('with %s the first bytes are upstream before the last were sent', async (_how, framing, first, rest) => {
  const index = upstream.requests.length;
  using client = await RawClient.open(aifd.url);
  client.send(`POST /v1/audio HTTP/1.1\r\nHost: a\r\nContent-Type: audio/mpeg\r\n${framing}\r\n\r\n${first}`);
  const request = await upstream.request(index);
  await until(() => request.message.body.length > 0);
  expect(request.message.complete).toBe(false);
  client.send(rest);
  expect((await client.response('POST')).text).toBe('ok');
});

test('an answer before the upload’s end reaches the client', async () => {
  await using early = await startUpstream((request) => {
    request.answer(413, 'too big', ['Connection: close']);
    request.end();
  });
  await using other = await startAifd(forwardingTo(early.url));
  using client = await RawClient.open(other.url);
  client.send('POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc');
  const response = await client.response('POST');
  expect([response.status, response.text]).toEqual([413, 'too big']);
});
