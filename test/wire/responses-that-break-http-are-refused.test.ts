import { expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

const refused: Record<string, string> = {
  '101 that nobody asked for': 'HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  'interim responses without end': 'HTTP/1.1 103 Hints\r\n\r\n'.repeat(101) + ok,
  'a thousand and one fields': `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(1000)}Content-Length: 2\r\n\r\nok`,
  'a head without end': `HTTP/1.1 200 OK\r\na: ${'x'.repeat(200_000)}`,
  'a coding that nobody asked for': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'chunked twice': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n',
  'two lengths': `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n${ok.slice(17)}`,
};

test.each(Object.entries(refused))('%s is 502, and the connection is closed', async (_, bytes) => {
  await using upstream = await startUpstream((request) => request.send(bytes));
  await using aifd = await startAifd(forwardingTo(upstream.url));
  expectRefusal(await ask(aifd.url, '/v1/x'), 502, 'upstream_invalid_response');
  await upstream.requests[0]!.gone;
  expect(upstream.requests).toHaveLength(1);
});

test('a hundred interim responses are passed over', async () => {
  await using upstream = await startUpstream((request) =>
    request.send('HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n'.repeat(100) + ok),
  );
  await using aifd = await startAifd(forwardingTo(upstream.url));
  const response = await ask(aifd.url, '/v1/x');
  expect([response.status, response.text, response.header('link')]).toEqual([200, 'ok', undefined]);
});

test.each([
  [
    'both framings',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  ],
  [
    'chunks from HTTP/1.0',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  ],
  ['HTTP/1.0', `HTTP/1.0${ok.slice(8)}`],
  ['Connection: close', `HTTP/1.1 200 OK\r\nConnection: close, keep-alive\r\n${ok.slice(17)}`],
])('after %s the connection is closed', async (_, bytes) => {
  await using upstream = await startUpstream((request) => request.send(bytes));
  await using aifd = await startAifd(forwardingTo(upstream.url));
  for (let i = 0; i < 2; i++) expect((await ask(aifd.url, '/v1/x')).text).toBe('ok');
  expect(upstream.accepted).toBe(2);
});
