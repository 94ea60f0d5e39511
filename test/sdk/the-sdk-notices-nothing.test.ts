import { afterAll, expect, test } from 'bun:test';
import type { APIError, OpenAI } from 'openai';
import { binary, chatChunk, event, type Seen, sse, startWay } from './support.ts';

const messages = [{ role: 'user' as const, content: 'Grüße 🦊' }];
const gzipped = Bun.gzipSync(JSON.stringify({ object: 'list', data: [{ id: 'm', object: 'model' }] }));

function answer(seen: Seen): Response {
  const response = bare(seen);
  response.headers.set('x-request-id', 'req_1');
  response.headers.set('openai-processing-ms', '12');
  response.headers.append('set-cookie', 'a=1; Path=/');
  response.headers.append('set-cookie', 'b=2; Path=/');
  // So that two answers have the same.
  response.headers.set('date', 'Thu, 01 Jan 2026 00:00:00 GMT');
  return response;
}

function bare({ path, body }: Seen): Response {
  if (path === '/v1/models') {
    return new Response(gzipped, {
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    });
  }
  if (path === '/v1/audio/speech')
    return new Response(binary(70_000), { headers: { 'content-type': 'audio/mpeg' } });
  const asked = JSON.parse(Buffer.from(body).toString()) as { stream?: boolean; model?: string };
  if (asked.model === 'bad') {
    return Response.json({ error: { message: 'no', type: 't', code: 'c', param: 'p' } }, { status: 400 });
  }
  if (asked.stream === true)
    return sse([event(chatChunk('one')), event(chatChunk('', 'stop')), event('[DONE]')]);
  return Response.json({ id: 'chatcmpl-1', object: 'chat.completion', choices: [], asked });
}

const way = await startWay(answer);
afterAll(way.stop);

type Call = (client: OpenAI) => Promise<unknown>;
const calls: [name: string, call: Call][] = [
  ['a chat', (client) => whole(client.chat.completions.create({ model: 'm', messages }))],
  ['a stream', (client) => whole(client.chat.completions.create({ model: 'm', messages, stream: true }))],
  ['a gzipped list', (client) => whole(client.models.list())],
  ['speech', (client) => whole(client.audio.speech.create({ model: 'm', voice: 'alloy', input: 'x' }))],
  ['an error', (client) => client.chat.completions.create({ model: 'bad', messages }).then(null, plain)],
];

/** All that the SDK lets one see of an answer. */
async function whole(call: { withResponse(): Promise<{ data: unknown; response: Response }> }) {
  const { data, response } = await call.withResponse();
  const seen: unknown =
    data instanceof Response
      ? await data.bytes()
      : isStream(data)
        ? await Array.fromAsync(data)
        : JSON.parse(JSON.stringify(data));
  return { seen, status: response.status, headers: listed(response.headers, framing) };
}

function isStream(data: unknown): data is AsyncIterable<unknown> {
  return typeof data === 'object' && data !== null && 'tee' in data && Symbol.asyncIterator in data;
}

function plain(error: APIError) {
  const { name, message, status, code, param, type, requestID, headers } = error;
  return {
    name,
    message,
    status,
    code,
    param,
    type,
    requestID,
    headers: listed(headers ?? new Headers(), framing),
  };
}

/** Without what is of one connection and not of the message (RFC 9110, 7.6.1). */
const hop = ['connection', 'keep-alive', 'transfer-encoding'];
/** Bun's server frames an answer anew: a body that is not whole yet goes out chunked, one that is with its length. */
const framing = [...hop, 'content-length'];

/** What aifd adds, by which an upstream knows a request that is sent again. */
const own = [...hop, 'idempotency-key'];

function listed(headers: Headers, without = hop): string[] {
  return [...headers]
    .filter(([name]) => !without.includes(name))
    .map(([name, value]) => `${name}: ${value}`)
    .toSorted();
}

test.each(calls)('%s is the same, direct and through aifd', async (_, call) => {
  const direct = await call(way.direct);
  expect(await call(way.client)).toEqual(direct);
});

test.each(calls)('%s arrives the same upstream, direct and through aifd', async (_, call) => {
  await call(way.direct);
  await call(way.client);
  const [direct, through] = way.seen
    .slice(-2)
    .map(({ method, path, headers, body }) => ({ method, path, headers: listed(headers, own), body }));
  // The key is the same, for the direct client knows the real one; the host is the upstream's.
  expect(through).toEqual(direct!);
});
