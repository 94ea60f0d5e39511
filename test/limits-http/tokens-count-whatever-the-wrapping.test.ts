import { expect, test } from 'bun:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { RawClient } from '../support/raw.ts';
import { until } from '../support/until.ts';
import type { Handler } from '../support/upstream.ts';
import {
  chat,
  chatPath,
  completion,
  delta,
  jsonType,
  limit,
  remainingTokens,
  sseType,
  startWay,
  type Way,
} from './support.ts';

const greedy = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }], max_tokens: 5000 });
const tokens = { TOKENS_LIMIT: limit('1000/hour') };
const post = (body: string | Uint8Array, ...headers: string[]) => ({ method: 'POST', headers, body });
const typed = (type: string, body: string | Uint8Array) => post(body, `Content-Type: ${type}`);

const codings: Record<string, (bytes: string | Uint8Array) => Uint8Array> = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  GZIP: gzipSync,
  deflate: deflateSync,
  'deflate ': deflateRawSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
  'gzip, zstd': (bytes) => zstdCompressSync(gzipSync(bytes)),
  identity: (bytes) => Buffer.from(bytes),
  // Some upstreams ignore it, and read the body as it is.
  'gzip  ': (bytes) => Buffer.from(bytes),
  unknown: (bytes) => Buffer.from(bytes),
};

test.each(Object.keys(codings))('the maximum is reserved in the coding %p', async (coding) => {
  await using way = await startWay(tokens);
  const body = codings[coding]!(greedy);
  expect((await way.ask(chatPath, post(body, jsonType[0]!, `Content-Encoding: ${coding}`))).status).toBe(429);
  expect(way.upstream.requests).toHaveLength(0);
});

test.each(Object.keys(codings))('a body in the coding %p goes upstream as it came', async (coding) => {
  await using way = await startWay({ TOKENS_LIMIT: limit('100000/hour') });
  const body = Buffer.from(codings[coding]!(greedy));
  await way.ask(chatPath, post(body, jsonType[0]!, `Content-Encoding: ${coding}`));
  const [request] = way.upstream.requests;
  expect(request!.message.body.equals(body)).toBe(true);
  expect(request!.header('content-encoding')).toBe(coding.trim());
});

test('a body that decodes to more than is read is reserved by what was read', async () => {
  await using way = await startWay({ TOKENS_LIMIT: limit('1000000/hour') });
  const body = gzipSync(JSON.stringify({ prompt: 'word '.repeat(4_000_000) }));
  expect((await way.ask(chatPath, post(body, jsonType[0]!, 'Content-Encoding: gzip'))).status).toBe(429);
});

const utf16 = Buffer.from(greedy, 'utf16le');
const utf32 = Buffer.from(Uint32Array.from(greedy, (letter) => letter.charCodeAt(0)).buffer);
const form = `--b\r\nContent-Disposition: form-data; name="max_tokens"\r\n\r\n5000\r\n--b--\r\n`;
const number = (written: string): string => greedy.replace('5000', written);

test.each<[string, ReturnType<typeof post>]>([
  ['a byte order mark', typed('application/json', `\ufeff${greedy}`)],
  ['white space before it', typed('application/json', `\r\n\t ${greedy}`)],
  ['UTF-16', typed('application/json', utf16)],
  ['UTF-16, the other order', typed('application/json', Buffer.from(utf16).swap16())],
  ['UTF-16 with its mark', typed('application/json', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]))],
  ['UTF-32', typed('application/json', utf32)],
  ['text/plain', typed('text/plain', greedy)],
  ['a type of a vendor', typed('application/vnd.api+json', greedy)],
  ['no type', post(greedy)],
  ['a type that is none', typed('json', greedy)],
  ['a form', typed('multipart/form-data; boundary=b', form)],
  [
    'a form in a URL’s coding',
    typed('application/x-www-form-urlencoded', 'model=m&max_tokens=5000&prompt=hi'),
  ],
  ['a number in a string', typed('application/json', number('"5000"'))],
  ['a fraction', typed('application/json', number('5000.5'))],
  ['an exponent', typed('application/json', number('5e3'))],
  ['beyond 2^53', typed('application/json', number('9007199254740993'))],
  ['beyond any number', typed('application/json', number('1e999'))],
  [
    'the name twice, the larger first',
    typed('application/json', greedy.replace('}]', '}],"max_tokens":5000').replace('5000}', '1}')),
  ],
  ['a name with an escape', typed('application/json', greedy.replace('max_tokens', 'max\\u005ftokens'))],
  ['JSON as Python takes it', typed('application/json', greedy.replace('5000', '5000,"top_p":NaN'))],
  ['a comma too many', typed('application/json', greedy.replace('5000', '5000,'))],
  ['choices', typed('application/json', number('400,"n":3'))],
  [
    '100,000 names before it',
    typed(
      'application/json',
      `{${Array.from({ length: 100_000 }, (_, i) => `"a${i}":0`).join()},"max_tokens":5000}`,
    ),
  ],
])('the maximum is reserved: %s', async (_, asked) => {
  await using way = await startWay(tokens);
  expect((await way.ask(chatPath, asked)).status).toBe(429);
  expect(way.upstream.requests).toHaveLength(0);
});

/** Asks until a 429, and tells how often the upstream was asked. */
async function passes(handler: Handler, asked = chat(), env: Record<string, string> = {}): Promise<number> {
  await using way = await startWay({ TOKENS_LIMIT: limit('6000/hour'), ...env }, async (request, index) => {
    await request.whole();
    await handler(request, index);
  });
  for (let i = 0; i < 10; i++) {
    if ((await way.ask(chatPath, asked)).status === 429) break;
    await way.ask('/healthz');
  }
  return way.upstream.requests.length;
}

const used = completion(5000);
const withoutUsage = JSON.stringify({ choices: [{ message: { content: 'hello' } }] });

const inStream = `data: {"choices":[],"usage":{"total_tokens":5000}}\n\ndata: [DONE]\n\n`;

test.each<[string, Handler, object]>([
  ['JSON of type text/plain', (r) => r.answer(200, used, ['Content-Type: text/plain']), {}],
  ['JSON of no type', (r) => r.answer(200, used, ['Content-Type:']), {}],
  ['JSON of a type of a vendor', (r) => r.answer(200, used, ['Content-Type: application/x-json']), {}],
  ['a stream of type text/plain', (r) => r.answer(200, inStream, ['Content-Type: text/plain']), {}],
  ['a coding that is not known', (r) => r.answer(200, used, [...jsonType, 'Content-Encoding: compress']), {}],
  [
    'more codings than are undone',
    (r) =>
      r.answer(200, gzipSync(gzipSync(gzipSync(gzipSync(used)))), [
        ...jsonType,
        'Content-Encoding: gzip, gzip, gzip, gzip',
      ]),
    {},
  ],
  ['a coding that it does not have', (r) => r.answer(200, used, [...jsonType, 'Content-Encoding: br']), {}],
  ['JSON without usage, a maximum asked', (r) => r.answer(200, withoutUsage, jsonType), { max_tokens: 2900 }],
  [
    'JSON that breaks off, a maximum asked',
    (r) => r.answer(200, '{"choices":[{"mess', jsonType),
    { max_tokens: 2900 },
  ],
  [
    'a stream of sound',
    (r) =>
      r.answer(
        200,
        `data: {"choices":[{"delta":{"audio":{"data":"${'A'.repeat(20_000)}"}}}]}\n\ndata: [DONE]\n\n`,
        [sseType],
      ),
    {},
  ],
  [
    'a stream of a form that is not known',
    (r) => r.answer(200, `data: {"x":"${'A'.repeat(20_000)}"}\n\n`, [sseType]),
    {},
  ],
  ['text of no type', (r) => r.answer(200, 'word '.repeat(4000), ['Content-Type: text/markdown']), {}],
  ['an error with usage', (r) => r.answer(500, used, jsonType), {}],
])('an answer does not pass for nothing: %s', async (_, handler, body) => {
  expect(await passes(handler, chat(body as Record<string, unknown>))).toBeLessThanOrEqual(3);
});

test.each([
  ['sound', '/v1/audio/speech', 'audio/mpeg'],
  ['an image', '/v1/images/generations', 'image/png'],
])('bytes of %s are no tokens', async (_, path, type) => {
  await using way = await startWay(
    { TOKENS_LIMIT: JSON.stringify({ '/': '1000/hour' }) },
    async (request) => {
      await request.whole();
      request.answer(200, Buffer.alloc(100_000), [`Content-Type: ${type}`]);
    },
  );
  expect(await way.statuses(5, path, chat())).toEqual([200, 200, 200, 200, 200]);
});

/** What remains, once it is as expected. */
async function remains(way: Way, expected: (left: number) => boolean): Promise<void> {
  let left = Number.NaN;
  await until(async () => expected((left = remainingTokens(await way.ask(chatPath)))), 'x').catch(() => {
    throw new Error(`left: ${left}`);
  });
}

test('a client that leaves before an answer that is no stream owes what it may have', async () => {
  await using way = await startWay({ TOKENS_LIMIT: limit('10000/hour') }, async (request) => {
    await request.whole();
    if (request.method === 'GET') request.answer(200, '{}', jsonType);
  });
  const client = await way.begin(chatPath, chat());
  await (await way.upstream.request()).whole();
  client.leave();
  await remains(way, (left) => left < 6000);
});

test.each([
  ['OpenAI’s', 'data: [DONE]\n\n'],
  ['Anthropic’s', 'event: message_stop\ndata: {"type":"message_stop"}\n\n'],
  [
    'that of Responses',
    'data: {"type":"response.completed","response":{"usage":{"input_tokens":10,"output_tokens":100}}}\n\n',
  ],
])('a client that leaves at the last event owes what came: %s', async (_, last) => {
  await using way = await startWay({ TOKENS_LIMIT: limit('10000/hour') }, async (request) => {
    await request.whole();
    if (request.method === 'GET') return request.answer(200, '{}', jsonType);
    const events = delta('x'.repeat(400)) + last;
    request.send(`HTTP/1.1 200 OK\r\n${sseType}\r\nContent-Length: 99999\r\n\r\n${events}`);
  });
  const client = await way.begin(chatPath, chat({ stream: true, max_tokens: 5000 }));
  await client.seen(last.trim());
  client.leave();
  await remains(way, (left) => left > 9800 && left < 9900);
});

test.each([
  '/v1/messages/count_tokens',
  '/v1/responses/input_tokens',
  '/v1/moderations',
  '/tokenize',
  '/v1beta/models/gemini-3:countTokens',
  '/openai/v1/moderations',
])('counting costs nothing: %s', async (path) => {
  await using way = await startWay({ TOKENS_LIMIT: JSON.stringify({ '/': '100/hour' }) });
  const asked = chat({ messages: [{ role: 'user', content: 'word '.repeat(1000) }], max_tokens: 5000 });
  expect(await way.statuses(3, path, asked)).toEqual([200, 200, 200]);
});

test.each([
  '/v1/chat/completions/moderations',
  '/v1/chat/completions;/moderations',
  '/v1/chat/completions%3f/v1/moderations',
  '/v1/moderations%2f..;x',
])('a path that an upstream may read as another is not free: %s', async (path) => {
  await using way = await startWay({ TOKENS_LIMIT: JSON.stringify({ '/': '100/hour' }) });
  expect([400, 429]).toContain((await way.ask(path, chat({ max_tokens: 5000 }))).status);
});

test('a form that is no prompt is not held back', async () => {
  await using way = await startWay({ TOKENS_LIMIT: JSON.stringify({ '/': '1000/hour' }) });
  using client = await RawClient.open(way.url);
  const head = 'Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 500000';
  client.send(`POST /v1/files HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n--b\r\n`);
  const request = await way.upstream.request();
  await until(() => request.text.includes('--b'), 'the first bytes are upstream before the last are sent');
  client.leave();
});

const padded = (member: string) =>
  typed('application/json', `{"messages":[{"role":"user","content":"${'word '.repeat(60_000)}"}],${member}}`);

test.each([
  '"max_tokens":900000',
  '"max_tokens":900000,"max_tokens":1',
  '"options":{"num_predict":"900000"}',
  '"n":9,"max_tokens":1e5,"x":NaN',
])('the maximum of a body that is too large to be parsed is reserved: %s', async (member) => {
  await using way = await startWay({ TOKENS_LIMIT: limit('800000/hour') });
  expect((await way.ask(chatPath, padded('"max_tokens":1'))).status).toBe(200);
  expect((await way.ask(chatPath, padded(member))).status).toBe(429);
});
