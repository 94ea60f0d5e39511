import { expect, test } from 'bun:test';
import { startAifd } from '../support/aifd.ts';
import { RawClient } from '../support/raw.ts';
import { startUpstream } from '../support/upstream.ts';

test.each([
  ['two equal fields', 'Content-Length: 5\r\nContent-Length: 5'],
  ['three equal fields', 'Content-Length: 5\r\nContent-Length: 5\r\nContent-Length: 5'],
  ['two different fields', 'Content-Length: 5\r\nContent-Length: 6'],
  ['a list', 'Content-Length: 5, 5'],
  ['a sign', 'Content-Length: +5'],
  ['hexadecimal', 'Content-Length: 0x5'],
  ['more than any body', 'Content-Length: 99999999999999999999'],
  ['a length beside chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked'],
])('%s: 400, and nothing goes upstream', async (_what, fields) => {
  await using upstream = await startUpstream((request) => request.answer(200));
  await using aifd = await startAifd({ OPENAI_BASE_URL: upstream.url });
  for (const type of ['application/json', 'application/octet-stream']) {
    using client = await RawClient.open(aifd.url);
    client.send(`POST /v1/a HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\n${fields}\r\n\r\nhello`);
    expect((await client.response()).status).toBe(400);
  }
  expect(upstream.requests).toHaveLength(0);
});
