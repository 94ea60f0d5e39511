import { afterAll, beforeAll, expect, test } from 'bun:test';
import { parseMetrics, sum } from '../metrics/parse.ts';
import { chat, chatPath, json } from '../limits-http/support.ts';
import { type RawResponse, RawClient, requestBytes } from '../support/raw.ts';
import { until } from '../support/until.ts';
import { Client } from '../websocket/client.ts';
import { echo, startWebSocketUpstream } from '../websocket/upstream.ts';
import { answerKinds } from './kinds.ts';
import { accessLines, chatLines, startRecorded, stats, type Told } from './support.ts';

/** A line of access, the chat log's pair and the row of usage, of one exchange each. */
interface Tellings {
  readonly access: Told;
  readonly asked: Told | undefined;
  readonly answered: Told | undefined;
}

let run: Awaited<ReturnType<typeof startRecorded>>;
let sockets: ReturnType<typeof startWebSocketUpstream>;

beforeAll(async () => {
  sockets = startWebSocketUpstream(echo);
  run = await startRecorded(
    {
      CACHE_CHAT_COMPLETION: 'true',
      DEFAULT_REQUEST_CACHING_VALUE: 'false',
      EXTRA_BASE_URL: sockets.url,
      EXTRA_ROUTE_PREFIX: '/sockets',
      REQ_RATE_LIMIT: '{"/v1/limited": "1/hour"}',
    },
    answerKinds,
  );
});

afterAll(async () => {
  await run[Symbol.asyncDispose]();
  await sockets[Symbol.asyncDispose]();
});

const wish = (content: string, more: Record<string, unknown> = {}, headers: string[] = []) =>
  chat({ model: 'gpt-test', messages: [{ role: 'user', content }], ...more }, headers);

const idOf = (response: RawResponse): string => response.header('x-request-id')!;

/** What is told of a request by its id, once it is. */
async function told(id: string, kind = 'chat'): Promise<Tellings> {
  const access = await run.access(id);
  const lines = await until(async () => {
    const all = await chatLines(run.logDir, kind).catch(() => []);
    return all.some((line) => line['id'] === id) ? all : undefined;
  }, 'the chat log has it');
  const asked = lines.find((line) => line['id'] === id);
  const answered = lines.find((line) => line !== asked && line['uid'] === asked?.['uid']);
  return { access, asked, answered };
}

/** The exchange that came last, of usage's. */
async function lastUsed(path: string, status: number, after: number): Promise<Told> {
  return until(
    async () => {
      const rows = await stats(run.dataDir, '--last', '100').catch(() => [] as Told[]);
      return rows.find(
        (row) =>
          String(row['route']).includes(path) &&
          row['status'] === status &&
          Date.parse(String(row['time'])) >= after,
      );
    },
    'usage has it',
    10_000,
  );
}

test('a JSON answer', async () => {
  const before = Date.now();
  const response = await run.ask(chatPath, wish('plain'));
  expect(response.header('server-timing')).toMatch(/^upstream;dur=[\d.]+, aifd;dur=[\d.]+$/);
  const { access, asked, answered } = await told(idOf(response));
  expect(access).toMatchObject({
    status: 200,
    end: 'whole',
    model: 'gpt-test',
    input_tokens: 11,
    output_tokens: 7,
    retries: 0,
    path: chatPath,
  });
  expect(access['estimated']).toBeUndefined();
  expect(asked).toMatchObject({
    messages: [{ role: 'user', content: 'plain' }],
    model: 'gpt-test',
    stream: false,
  });
  expect(answered).toMatchObject({ assistant: 'answer to plain', status: 200, end: 'whole' });
  const row = await lastUsed('chat', 200, before);
  expect(row).toMatchObject({
    input: 11,
    output: 7,
    end: 'whole',
    stream: false,
    isEstimate: false,
    retries: 0,
  });
});

test('a stream', async () => {
  const before = Date.now();
  const response = await run.ask(chatPath, wish('stream', { stream: true }));
  const { access, answered, asked } = await told(idOf(response));
  expect(access).toMatchObject({ status: 200, end: 'whole', input_tokens: 11, output_tokens: 7 });
  expect(access['first_byte_ms']).toBeLessThanOrEqual(access['duration_ms'] as number);
  expect(asked).toMatchObject({ stream: true });
  expect(answered).toMatchObject({ assistant: 'one two', end: 'whole' });
  expect(await lastUsed('chat', 200, before)).toMatchObject({
    input: 11,
    output: 7,
    stream: true,
    end: 'whole',
  });
});

test('a stream that the upstream cuts', async () => {
  const before = Date.now();
  const response = await run.ask(chatPath, wish('cut', { stream: true }));
  expect(response.complete).toBe(false);
  const { access, answered } = await told(idOf(response));
  expect(access).toMatchObject({ status: 200, end: 'cut' });
  expect(answered).toMatchObject({ assistant: 'begun ', end: 'cut' });
  expect(await lastUsed('chat', 200, before)).toMatchObject({ end: 'cut', stream: true });
});

test('a stream with an error in it', async () => {
  const before = Date.now();
  const response = await run.ask(chatPath, wish('errored', { stream: true }));
  expect(response.complete).toBe(true);
  const { access, asked, answered } = await told(idOf(response));
  expect(access).toMatchObject({ status: 200, end: 'errored' });
  expect(asked).toMatchObject({ end: 'errored' });
  expect(answered).toMatchObject({ assistant: 'begun ', end: 'errored', error: { message: 'overloaded' } });
  expect(await lastUsed('chat', 200, before)).toMatchObject({ end: 'errored', stream: true });
});

test("the upstream's 503", async () => {
  const before = Date.now();
  const response = await run.ask(chatPath, wish('busy'));
  const { access, asked } = await told(idOf(response));
  expect(access).toMatchObject({ status: 503, end: 'whole' });
  expect(asked).toMatchObject({ status: 503, error: { message: 'busy' } });
  expect(await lastUsed('chat', 503, before)).toMatchObject({ end: 'whole' });
  const samples = parseMetrics(await run.metrics());
  expect(sum(samples, 'aifd_upstream_errors_total', { kind: 'status', status: '503' })).toBe(1);
  expect(sum(samples, 'aifd_upstream_errors_total', { kind: 'in_stream' })).toBe(1);
});

test('a client that leaves in the middle', async () => {
  const before = Date.now();
  const client = await RawClient.open(run.url);
  client.send(requestBytes(chatPath, wish('slow', { stream: true })));
  await client.seen('begun');
  const id = /x-request-id: (\S+)/i.exec(client.log)![1]!;
  client.leave();
  const { access, answered } = await told(id);
  expect(access).toMatchObject({ status: 200, end: 'left' });
  expect(answered).toMatchObject({ assistant: 'begun ', end: 'left' });
  expect(await lastUsed('chat', 200, before)).toMatchObject({ end: 'left' });
});

test('a client that leaves before the answer', async () => {
  const before = Date.now();
  const count = run.upstream.requests.length;
  const client = await RawClient.open(run.url);
  client.send(requestBytes(chatPath, wish('silent')));
  await run.upstream.request(count);
  client.leave();
  const row = await lastUsed('chat', 499, before);
  expect(row).toMatchObject({ end: 'left', model: 'gpt-test', input: null });
});

test("the upstream's 401", async () => {
  const before = Date.now();
  const response = await run.ask(chatPath, wish('error'));
  const { access, asked, answered } = await told(idOf(response));
  expect(access).toMatchObject({ status: 401, end: 'whole' });
  expect(access['output_tokens']).toBeUndefined();
  expect(asked).toMatchObject({ messages: [{ role: 'user', content: 'error' }], status: 401 });
  expect(answered).toBeUndefined();
  expect(await lastUsed('chat', 401, before)).toMatchObject({ end: 'whole', input: null, output: null });
});

test('an upstream that fails', async () => {
  const before = Date.now();
  const response = await run.ask(chatPath, wish('dead'));
  expect(response.status).toBe(502);
  const access = await run.access(idOf(response));
  expect(access).toMatchObject({
    status: 502,
    end: 'failed',
    model: 'gpt-test',
    code: expect.stringMatching(/^upstream_/),
  });
  expect(await lastUsed('chat', 502, before)).toMatchObject({ end: 'failed' });
});

test('what was asked of an upstream that fails is in the chat log', async () => {
  const response = await run.ask(chatPath, wish('dead too'));
  const { asked, answered } = await told(idOf(response));
  expect(asked).toMatchObject({
    messages: [{ role: 'user', content: 'dead too' }],
    model: 'gpt-test',
    status: 502,
  });
  expect(answered).toBeUndefined();
});

test('what is asked at length is in the chat log', async () => {
  const content = 'plain '.repeat(30_000);
  const response = await run.ask(chatPath, wish(content));
  const { asked, access } = await told(idOf(response));
  expect(access).toMatchObject({ model: 'gpt-test' });
  expect(asked?.['messages']).toEqual([{ role: 'user', content }]);
});

test('a refusal by a limit', async () => {
  const before = Date.now();
  expect((await run.ask('/v1/limited', wish('one'))).status).toBe(200);
  const response = await run.ask('/v1/limited', wish('two'));
  expect(response.status).toBe(429);
  const access = await run.access(idOf(response));
  expect(access).toMatchObject({ status: 429, end: 'refused', code: 'rate_limit_exceeded', retries: 0 });
  expect(await lastUsed('', 429, before)).toMatchObject({ end: 'refused', input: null });
});

test('a hit of the cache', async () => {
  const first = await run.ask(chatPath, wish('kept', { caching: true }));
  expect((await run.access(idOf(first)))['cache']).toBe('miss');
  const hit = await until(async () => {
    const response = await run.ask(chatPath, wish('kept', { caching: true }));
    return /hit/.test(response.header('cache-status') ?? '') ? response : undefined;
  }, 'it is kept');
  expect(hit.header('server-timing')).toMatch(/^aifd;dur=[\d.]+$/);
  const { access, answered } = await told(idOf(hit));
  expect(access).toMatchObject({ cache: 'hit', status: 200, end: 'whole', retries: 0 });
  expect(answered).toMatchObject({ assistant: 'answer to kept' });
  const row = await until(async () =>
    (await stats(run.dataDir, '--last', '50')).find((found) => found['cache'] === 'hit'),
  );
  expect(row).toMatchObject({ end: 'whole', model: 'gpt-test', cost: 0 });
});

test('one that shares an answer', async () => {
  const count = run.upstream.requests.length;
  const asked = wish('later shared', { caching: true });
  const both = await Promise.all([run.ask(chatPath, asked), run.ask(chatPath, asked)]);
  expect(run.upstream.requests.length).toBe(count + 1);
  const lines = await Promise.all(both.map((response) => run.access(idOf(response))));
  expect(lines.map((line) => line['cache']).toSorted()).toEqual(['collapsed', 'miss']);
  for (const response of both)
    expect((await told(idOf(response))).answered).toMatchObject({ assistant: 'answer to later shared' });
});

test('an encoded answer', async () => {
  const response = await run.ask(chatPath, wish('gzip', {}, ['Accept-Encoding: gzip']));
  expect(response.header('content-encoding')).toBe('gzip');
  const { access, answered } = await told(idOf(response));
  expect(access).toMatchObject({ input_tokens: 11, output_tokens: 7 });
  expect(answered).toMatchObject({ assistant: 'packed gzip' });
});

test('embeddings', async () => {
  const body = JSON.stringify({ model: 'embed-test', input: 'text' });
  const response = await run.ask('/v1/embeddings', { method: 'POST', headers: [json], body });
  const { access, asked } = await told(idOf(response), 'embedding');
  expect(access).toMatchObject({ model: 'embed-test', input_tokens: 5 });
  expect(asked).toMatchObject({ input: 'text' });
  const row = await until(async () =>
    (await stats(run.dataDir, '--last', '50')).find((found) => found['model'] === 'embed-test'),
  );
  expect(row).toMatchObject({ input: 5, route: '/v1/embeddings' });
});

test('responses', async () => {
  const body = JSON.stringify({ model: 'response-test', input: 'text' });
  const response = await run.ask('/v1/responses', { method: 'POST', headers: [json], body });
  const { access, answered } = await told(idOf(response), 'response');
  expect(access).toMatchObject({ input_tokens: 21, output_tokens: 9 });
  expect(answered).toMatchObject({ assistant: 'said by responses' });
  const row = await until(async () =>
    (await stats(run.dataDir, '--last', '50')).find((found) => found['model'] === 'response-test'),
  );
  expect(row).toMatchObject({ input: 21, output: 9, cached: 4, reasoning: 3 });
});

test('a WebSocket', async () => {
  using client = await Client.open(run.url, { path: '/sockets/v1/realtime' });
  client.socket.send('hello');
  await client.received(1);
  client.socket.close();
  await client.end();
  const row = await lastUsed('/sockets/v1/realtime', 101, 0);
  expect(row).toMatchObject({ end: 'whole', retries: 0 });
});

test('metrics count them all, and none is open', async () => {
  const samples = await until(async () => {
    const all = parseMetrics(await run.metrics());
    return sum(all, 'aifd_open_streams') === 0 ? all : undefined;
  }, 'nothing is open');
  const lines = accessLines(run.aifd.output.text);
  expect(sum(samples, 'aifd_requests_total')).toBe(lines.length);
  for (const end of ['whole', 'errored', 'refused', 'failed', 'cut', 'left', 'stopped'])
    expect(`${end} ${sum(samples, 'aifd_ends_total', { end })}`).toBe(
      `${end} ${lines.filter((line) => line['end'] === end).length}`,
    );
  for (const cache of ['hit', 'miss', 'collapsed'])
    expect(`${cache} ${sum(samples, 'aifd_cache_requests_total', { cache })}`).toBe(
      `${cache} ${lines.filter((line) => line['cache'] === cache).length}`,
    );
});
