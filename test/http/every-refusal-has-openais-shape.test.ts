import { afterAll, expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { expectRefusal } from '../support/refusal.ts';
import { ask } from '../support/raw.ts';
import { startUpstream, type UpstreamRequest } from '../support/upstream.ts';

let answer: (request: UpstreamRequest) => unknown = () => {};
const upstream = await startUpstream((request) => answer(request));
const aifd = await startAifd({ OPENAI_BASE_URL: upstream.url, FIRST_BYTE_TIMEOUT: '0.3' });
afterAll(async () => {
  await aifd[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

const broken: Record<string, string> = {
  'no HTTP at all': 'hello\r\n\r\n',
  'another version': 'HTTP/2.0 200 OK\r\n\r\n',
  'a status out of range': 'HTTP/1.1 700 Odd\r\nContent-Length: 2\r\n\r\nok',
  'a NUL in a header': 'HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 2\r\n\r\nok',
  'a bare LF in a header': 'HTTP/1.1 200 OK\r\nX-A: a\nX-B: b\r\nContent-Length: 2\r\n\r\nok',
  'a header without a name': 'HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 2\r\n\r\nok',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!',
  'a switch that nobody asked for': 'HTTP/1.1 101 Sure\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
};

test.each(Object.keys(broken))('an upstream that answers with %s', async (name) => {
  answer = (request) => request.send(broken[name]!);
  expectRefusal(await ask(aifd.url, '/x'), 502, 'upstream_invalid_response');
});

test('an upstream that hangs up', async () => {
  answer = (request) => request.end();
  const message = expectRefusal(await ask(aifd.url, '/x'), 502, 'upstream_disconnected');
  expect(message).toContain(`127.0.0.1:${upstream.port}`);
});

test('an upstream that says nothing', async () => {
  answer = () => {};
  const message = expectRefusal(await ask(aifd.url, '/x'), 504, 'upstream_timeout');
  expect(message).toContain('FIRST_BYTE_TIMEOUT');
});
