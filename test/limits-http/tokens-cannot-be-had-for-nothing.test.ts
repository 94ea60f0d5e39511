import { expect, test } from 'bun:test';
import { RawClient, type RawResponse } from '../support/raw.ts';
import { chat, chatPath, completion, jsonType, limit, startWay, type Way } from './support.ts';

const start = (env: Record<string, string> = {}): Promise<Way> =>
  startWay({ TOKENS_LIMIT: JSON.stringify({ '/': '100/hour' }), ...env }, async (request) => {
    await request.whole();
    request.answer(200, completion(60), jsonType);
  });

const body = JSON.stringify({ messages: [{ role: 'user', content: 'hi' }] });

/** Without a Content-Length, in the chunked coding. */
async function askChunked(way: Way, text: string): Promise<RawResponse> {
  using client = await RawClient.open(way.url);
  const head = `POST ${chatPath} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
  client.send(`${head}${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`);
  return await client.response('POST');
}

const typed = (type: string, text: string | Uint8Array = body) => ({
  method: 'POST',
  headers: [`Content-Type: ${type}`],
  body: text,
});
const form = '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n--b--\r\n';

const ways: [string, (way: Way) => Promise<RawResponse>][] = [
  ['plain JSON', (way) => way.ask(chatPath, typed('application/json'))],
  ['a chunked body', (way) => askChunked(way, body)],
  ['a media type in capitals', (way) => way.ask(chatPath, typed('Application/JSON'))],
  ['another media type', (way) => way.ask(chatPath, typed('text/json'))],
  ['no media type', (way) => way.ask(chatPath, { method: 'POST', body })],
  ['multipart', (way) => way.ask('/v1/audio/transcriptions', typed('multipart/form-data; boundary=b', form))],
  ['a body without a prompt', (way) => way.ask('/v1/rerank', typed('application/json', '{"query":"q"}'))],
  ['an empty body', (way) => way.ask(chatPath, typed('application/json', ''))],
];

for (const strategy of ['fixed-window', 'moving-window']) {
  test.each(ways)(`the usage of an answer counts, whatever was asked (${strategy}): %s`, async (_, send) => {
    await using way = await start({ RATE_LIMIT_STRATEGY: strategy });
    // 60 of 100, then 120: the next is over it.
    expect((await send(way)).status).toBe(200);
    expect((await send(way)).status).toBe(200);
    expect((await send(way)).status).toBe(429);
  });
}

test.each(ways.slice(1, 5))('the maximum is reserved, however the body comes: %s', async (name) => {
  await using way = await startWay({ TOKENS_LIMIT: limit('100/hour') });
  const greedy = JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], max_tokens: 5000 });
  const type = { 'a media type in capitals': 'Application/JSON', 'another media type': 'text/json' }[name];
  const response =
    name === 'a chunked body'
      ? await askChunked(way, greedy)
      : await way.ask(chatPath, type ? typed(type, greedy) : { method: 'POST', body: greedy });
  expect(response.status).toBe(429);
});

test('the larger of two maxima is reserved: an upstream may know only one', async () => {
  await using way = await startWay({ TOKENS_LIMIT: limit('100/hour') });
  expect((await way.ask(chatPath, chat({ max_completion_tokens: 1, max_tokens: 5000 }))).status).toBe(429);
});
