import { expect, test } from 'bun:test';
import { createServer, connect, type Socket } from 'node:net';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask, RawClient, requestBytes } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

test('FIRST_BYTE_TIMEOUT', async () => {
  await using upstream = await startUpstream(() => {});
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), FIRST_BYTE_TIMEOUT: '0.3' });
  const message = expectRefusal(await ask(aifd.url, '/x'), 504, 'upstream_timeout');
  expect(message).toContain('FIRST_BYTE_TIMEOUT');
  expect(message).toContain('0.3 s');
  expect(upstream.requests).toHaveLength(1);
});

test('FIRST_BYTE_TIMEOUT does not run while the upload does', async () => {
  await using upstream = await startUpstream();
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), FIRST_BYTE_TIMEOUT: '0.3' });
  using client = await RawClient.open(aifd.url);
  client.send('POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 80\r\n\r\n');
  for (let i = 0; i < 8; i++) {
    client.send('0123456789');
    await Bun.sleep(100);
  }
  expect((await client.response('POST')).text).toBe('ok');
});

test('IDLE_TIMEOUT: bytes went out, so the client’s connection is reset', async () => {
  await using upstream = await startUpstream((request) => request.send(`${HEAD}5\r\nhello\r\n`));
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), IDLE_TIMEOUT: '0.3' });
  const response = await ask(aifd.url, '/x');
  expect([response.status, response.text, response.complete]).toEqual([200, 'hello', false]);
});

test('IDLE_TIMEOUT: a client that stops uploading is told', async () => {
  await using upstream = await startUpstream();
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), IDLE_TIMEOUT: '0.3' });
  using client = await RawClient.open(aifd.url);
  client.send('POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 80\r\n\r\nabc');
  expectRefusal(await client.response('POST'), 408, 'request_timeout');
});

test('IDLE_TIMEOUT: a small JSON body that stops arriving is told too', async () => {
  await using upstream = await startUpstream();
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), IDLE_TIMEOUT: '0.3' });
  using client = await RawClient.open(aifd.url);
  client.send(
    'POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 80\r\n\r\n{"a"',
  );
  expectRefusal(await client.response('POST', 4000), 408, 'request_timeout');
});

test('TOTAL_TIMEOUT: before the answer it is named', async () => {
  await using upstream = await startUpstream(() => {});
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), TOTAL_TIMEOUT: '0.3' });
  const message = expectRefusal(await ask(aifd.url, '/x'), 504, 'upstream_timeout');
  expect(message).toContain('TOTAL_TIMEOUT');
});

test('TOTAL_TIMEOUT: a stream that never ends is cut', async () => {
  await using upstream = await startUpstream(async (request) => {
    request.send(HEAD);
    while (!request.socket.destroyed) {
      request.send('1\r\nx\r\n');
      await Bun.sleep(20);
    }
  });
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), TOTAL_TIMEOUT: '0.5' });
  const response = await ask(aifd.url, '/x');
  expect([response.status, response.complete]).toEqual([200, false]);
});

test('TOTAL_TIMEOUT counts all attempts together', async () => {
  await using upstream = await startUpstream((request) => request.answer(503, 'sick', ['Retry-After: 1']));
  await using aifd = await startAifd({
    ...forwardingTo(upstream.url),
    TOTAL_TIMEOUT: '1.5',
    MAX_RETRIES: '9',
  });
  const response = await ask(aifd.url, '/x');
  expect([503, 504]).toContain(response.status);
  expect(upstream.requests.length).toBeLessThanOrEqual(3);
}, 12_000);

test('a silent stream under the limit survives', async () => {
  await using upstream = await startUpstream(async (request) => {
    await Bun.sleep(600);
    request.send(`${HEAD}5\r\nhello\r\n`);
    await Bun.sleep(600);
    request.send('5\r\nworld\r\n0\r\n\r\n');
  });
  const limits = { FIRST_BYTE_TIMEOUT: '1', IDLE_TIMEOUT: '1', TOTAL_TIMEOUT: '0' };
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), ...limits });
  const response = await ask(aifd.url, '/x');
  expect([response.text, response.complete]).toEqual(['helloworld', true]);
});

test('a client that reads slowly is not the upstream’s silence', async () => {
  const body = Buffer.alloc(8_000_000, 'x');
  await using upstream = await startUpstream((request) => request.answer(200, body));
  await using aifd = await startAifd({ ...forwardingTo(upstream.url), IDLE_TIMEOUT: '0.3' });
  using client = await RawClient.open(aifd.url);
  client.send(requestBytes('/x'));
  await client.seen('200 OK');
  client.socket.pause();
  await Bun.sleep(1000);
  client.socket.resume();
  const response = await client.response();
  expect([response.complete, response.body.length]).toEqual([true, body.length]);
});

test('TIMEOUT: no connection in time', async () => {
  // A listener whose accept queue is full drops further SYNs: connections to it hang.
  const full = Bun.spawn(['python3', '-c', hangingListener], { stdout: 'pipe', stderr: 'ignore' });
  const { value } = await full.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  const fillers: Socket[] = [];
  try {
    for (let i = 0; i < 8; i++) fillers.push(connect(port, '127.0.0.1').on('error', () => {}));
    await Bun.sleep(200);
    await using aifd = await startAifd({
      OPENAI_BASE_URL: `http://127.0.0.1:${port}`,
      TIMEOUT: '0.4',
      MAX_RETRIES: '1',
    });
    const message = expectRefusal(await ask(aifd.url, '/x'), 504, 'upstream_timeout');
    expect(message).toMatch(/\bTIMEOUT\b/);
    expect(message).toContain('0.4 s');
  } finally {
    for (const filler of fillers) filler.destroy();
    full.kill('SIGKILL');
  }
});

test('TIMEOUT: the TLS handshake is part of it', async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as { port: number };
  await using aifd = await startAifd({
    OPENAI_BASE_URL: `https://127.0.0.1:${port}`,
    TIMEOUT: '0.3',
    MAX_RETRIES: '0',
  });
  const message = expectRefusal(await ask(aifd.url, '/x'), 504, 'upstream_timeout');
  expect(message).toMatch(/\bTIMEOUT\b/);
  silent.close();
});

const hangingListener = `
import socket, sys, time
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(0)
print(s.getsockname()[1]); sys.stdout.flush(); time.sleep(60)
`;
