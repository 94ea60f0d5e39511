import { afterAll, expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { RawClient, requestBytes } from '../support/raw.ts';
import { startUpstream, type UpstreamRequest } from '../support/upstream.ts';
import { until, within } from '../support/until.ts';

const SSE = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
let answer: (request: UpstreamRequest) => unknown = () => {};
const upstream = await startUpstream((request) => answer(request));
const aifd = await startAifd(forwardingTo(upstream.url));
afterAll(async () => {
  await aifd[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const gone = (request: UpstreamRequest) => within(request.gone, 'the upstream connection is closed', 1000);
const leaving: Record<string, (client: RawClient) => void> = {
  'by closing': (client) => client.leave(),
  'by a reset': (client) => client.socket.resetAndDestroy(),
};

for (const [how, leave] of Object.entries(leaving)) {
  test(`before the first byte, ${how}`, async () => {
    answer = () => {};
    const index = upstream.requests.length;
    using client = await RawClient.open(aifd.url);
    client.send(
      requestBytes('/x', { method: 'POST', body: '{}', headers: ['Content-Type: application/json'] }),
    );
    const request = await upstream.request(index);
    leave(client);
    await gone(request);
  });

  test(`after the first byte, while the upstream is silent, ${how}`, async () => {
    answer = (request) => request.send(`${SSE}7\r\ndata: 1\r\n`);
    const index = upstream.requests.length;
    using client = await RawClient.open(aifd.url);
    client.send(requestBytes('/x'));
    await client.seen('data: 1');
    leave(client);
    await gone(upstream.requests[index]!);
  });

  test(`after the head, before any of the body, ${how}`, async () => {
    answer = (request) => request.send(SSE);
    const index = upstream.requests.length;
    using client = await RawClient.open(aifd.url);
    client.send(requestBytes('/x'));
    await client.seen('200 OK');
    leave(client);
    await gone(upstream.requests[index]!);
  });

  test(`while the upstream sends without end, ${how}`, async () => {
    answer = async (request) => {
      request.send(SSE);
      while (!request.socket.destroyed) {
        if (!request.socket.write(`400\r\n${'x'.repeat(1024)}\r\n`)) await Bun.sleep(1);
        await Bun.sleep(0);
      }
    };
    const index = upstream.requests.length;
    using client = await RawClient.open(aifd.url);
    client.send(requestBytes('/x'));
    await client.seen('xxx');
    leave(client);
    await gone(upstream.requests[index]!);
  });

  test(`while it does not read what comes, ${how}`, async () => {
    answer = async (request) => {
      request.send(`HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n`);
      request.send(Buffer.alloc(100_000_000));
    };
    const index = upstream.requests.length;
    using client = await RawClient.open(aifd.url);
    client.send(requestBytes('/x'));
    await client.seen('200 OK');
    client.socket.pause();
    leave(client);
    await gone(upstream.requests[index]!);
  });

  test(`in the middle of its upload, ${how}`, async () => {
    answer = () => {};
    const index = upstream.requests.length;
    using client = await RawClient.open(aifd.url);
    client.send(`POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(1000)}`);
    const request = await upstream.request(index);
    await until(() => request.message.body.length > 0);
    leave(client);
    await gone(request);
    expect(request.message.complete).toBe(false);
  });

  test(`in the middle of a chunked upload, ${how}: the upstream sees no end`, async () => {
    answer = () => {};
    const index = upstream.requests.length;
    using client = await RawClient.open(aifd.url);
    client.send('POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    const request = await upstream.request(index);
    await until(() => request.message.body.length > 0);
    leave(client);
    await gone(request);
    expect(request.message.complete).toBe(false);
  });
}
