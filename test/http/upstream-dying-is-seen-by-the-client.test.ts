import { afterAll, describe, expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask, RawClient, requestBytes } from '../support/raw.ts';
import { startUpstream, type UpstreamRequest } from '../support/upstream.ts';

let answer: (request: UpstreamRequest) => unknown = () => {};
const upstream = await startUpstream((request) => answer(request));
const aifd = await startAifd(forwardingTo(upstream.url));
afterAll(async () => {
  await aifd[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const begun: Record<string, string> = {
  chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
  'chunked, within a chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello',
  'a Content-Length': 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhello',
  SSE: 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nd\r\ndata: hello\n\n\r\n',
  'SSE without its last chunk':
    'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n1b\r\ndata: hello\n\ndata: [DONE]\n\n\r\n0\r\n',
};
const dying: Record<string, (request: UpstreamRequest) => void> = {
  'closes in order': (request) => request.end(),
  'resets the connection': (request) => request.die(),
};

describe.each(Object.keys(dying))('the upstream %s', (how) => {
  test.each(Object.keys(begun))('in the middle of its answer (%s): no clean end', async (framing) => {
    answer = (request) => request.send(begun[framing]!);
    const index = upstream.requests.length;
    using client = await RawClient.open(aifd.url);
    client.send(requestBytes('/x'));
    await client.seen('hello');
    dying[how]!(upstream.requests[index]!);
    const response = await client.response();
    expect(response.complete).toBe(false);
    expect(response.connection).not.toBe('open');
    // Nothing is invented behind what the upstream said.
    expect(response.text.trimEnd()).toEndWith(begun[framing]!.includes('[DONE]') ? '[DONE]' : 'hello');
    expect(client.log).not.toEndWith('\r\n0\r\n\r\n');
  });

  test('at once after what it sent: no clean end', async () => {
    answer = (request) => {
      request.send(begun['chunked']!);
      dying[how]!(request);
    };
    const response = await ask(aifd.url, '/x');
    // Part of it may not have gone out yet: then it can still be a refusal.
    if (response.status === 200) expect(response.complete).toBe(false);
    else expectRefusal(response, 502, 'upstream_disconnected');
  });

  test('before its answer: 502', async () => {
    answer = (request) => dying[how]!(request);
    expectRefusal(await ask(aifd.url, '/x'), 502, 'upstream_disconnected');
  });
});

test('a body that lasts until the close ends cleanly with it, and is cut by a reset', async () => {
  answer = (request) => {
    request.send('HTTP/1.1 200 OK\r\n\r\nhello');
    request.end();
  };
  const whole = await ask(aifd.url, '/x');
  expect([whole.complete, whole.text]).toEqual([true, 'hello']);
  answer = (request) => request.send('HTTP/1.1 200 OK\r\n\r\nhello');
  const index = upstream.requests.length;
  using client = await RawClient.open(aifd.url);
  client.send(requestBytes('/x'));
  await client.seen('hello');
  upstream.requests[index]!.die();
  expect((await client.response()).complete).toBe(false);
});

test('a broken chunk in the middle is a reset too', async () => {
  answer = (request) => request.send(begun['chunked']!);
  const index = upstream.requests.length;
  using client = await RawClient.open(aifd.url);
  client.send(requestBytes('/x'));
  await client.seen('hello');
  upstream.requests[index]!.send('nonsense\r\n');
  expect((await client.response()).complete).toBe(false);
});
