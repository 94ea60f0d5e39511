import { describe, expect, test } from 'bun:test';
import { forwardingTo, startAifd } from '../support/aifd.ts';
import { ask } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

const forged = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged';

const bodiless: Record<string, [method: string, head: string]> = {
  'the response to HEAD': ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n'],
  '204': ['GET', 'HTTP/1.1 204 No\r\n\r\n'],
  '304': ['GET', 'HTTP/1.1 304 Same\r\nContent-Length: 500\r\n\r\n'],
  'Content-Length: 0': ['GET', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
};
const withBody: Record<string, [method: string, head: string]> = {
  'a body with a length': ['GET', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'],
  'a chunked body': ['GET', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n'],
};

/** What three clients get that ask right behind a response with a surplus. */
async function askBehind(
  [method, head]: [string, string],
  surplus: 'same read' | 'later',
): Promise<string[]> {
  await using upstream = await startUpstream(async (request) => {
    if (request.target === '/v1/who') return request.answer(200, 'own');
    if (surplus === 'same read') return request.send(head + forged);
    request.send(head);
    // Behind the next request, if that comes at once.
    await Bun.sleep(4);
    request.send(forged);
  });
  await using aifd = await startAifd(forwardingTo(upstream.url));
  const got: string[] = [];
  for (let i = 0; i < 3; i++) {
    await ask(aifd.url, '/v1/odd', { method });
    got.push((await ask(aifd.url, '/v1/who')).text);
  }
  return got;
}

describe('behind', () => {
  test.each(Object.entries({ ...bodiless, ...withBody }))('%s, in the same read', async (_, response) => {
    expect(await askBehind(response, 'same read')).toEqual(['own', 'own', 'own']);
  });

  test.each(Object.entries(bodiless))('%s, later', async (_, response) => {
    expect(await askBehind(response, 'later')).toEqual(['own', 'own', 'own']);
  });
});
