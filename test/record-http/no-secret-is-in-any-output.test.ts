import { expect, test } from 'bun:test';
import { findSecrets } from '../access/secrets.ts';
import { answerStream, doneEvent, event } from '../cache-http/support.ts';
import { bearer, chat, chatPath, json, jsonType } from '../limits-http/support.ts';
import { emptyFolder } from '../support/aifd.ts';
import { startProxy } from '../support/proxy.ts';
import { hasRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import type { Handler } from '../support/upstream.ts';
import { echo, startWebSocketUpstream } from '../websocket/upstream.ts';
import { Client } from '../websocket/client.ts';
import { chatLines, filesIn, runAifd, startRecorded, type Told } from './support.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A key of its own each time; letters of both cases, so that no digest looks like a part of it. */
const marked = (head: string): string =>
  `${head}${Array.from(crypto.getRandomValues(new Uint8Array(36)), (byte) => letters[byte % 62]).join('')}7`;

const keys = {
  forward: [marked('fk-'), marked('gate.')],
  openai: [marked('sk-'), marked('sk-proj-')],
  extra: [marked('sk-'), marked('xyz')],
  client: [marked('sk-'), marked('own-'), marked('sk-'), marked('sk-'), marked('sk-'), marked('sk-')],
  proxy: marked('pw'),
  redis: marked('pw'),
  collector: marked('tok'),
};

/** Echoes all that it was sent, keys and all, in the form that was asked for. */
const tell: Handler = async (request) => {
  await request.whole();
  const all = `${request.all('authorization').join(' ')} ${request.target} ${request.text}`;
  if (request.text.includes('"refuse"'))
    return request.answer(401, JSON.stringify({ error: { message: `Incorrect API key: ${all}` } }), jsonType);
  if (request.text.includes('"stream":true'))
    return answerStream(request, ...[...all].map((letter) => event(letter)), event('', 'stop'), doneEvent);
  const message = { role: 'assistant', content: all };
  request.answer(200, JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] }), jsonType);
};

/** Keeps what is exported to it, and where it was asked for. */
function startKeeping() {
  const bodies: Uint8Array[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const bytes = await request.bytes();
      bodies.push(
        request.headers.get('content-encoding') === 'gzip' ? Bun.gunzipSync(bytes as never) : bytes,
      );
      return new Response();
    },
  });
  return { bodies, url: `http://127.0.0.1:${server.port}`, stop: () => server.stop(true) };
}

const redisEnv = (port: number): Record<string, string> => ({
  CACHE_BACKEND: 'redis',
  CACHE_ROOT_PATH_OR_URL: `redis://:${keys.redis}@127.0.0.1:${port}`,
  RATE_LIMIT_BACKEND: `redis://:${keys.redis}@127.0.0.1:${port}`,
  REQ_RATE_LIMIT: '{"/v1": "1000/hour"}',
});

const prompts = [...keys.forward, ...keys.openai, ...keys.extra, keys.client[0]!];
const inPrompt = [
  ...prompts,
  `mine is "${prompts[0]}", yours ${prompts[2]}.`,
  prompts.join(' '),
  `Bearer ${prompts[1]}\n${prompts[3]}`,
];

const bodyOf = (more: Record<string, unknown>): string => chat(more).body as string;

/** Each place a key can be in, and each kind of answer. */
async function askEverywhere(url: string): Promise<void> {
  const [own1, own2, own3, own4, own5] = keys.client as [string, string, string, string, string];
  const credentials = [
    [chatPath, bearer(keys.forward[0]!)],
    [chatPath, bearer(keys.forward[1]!)],
    [chatPath, bearer(own1)],
    [chatPath, `x-api-key: ${own2}`],
    [chatPath, `api-key: ${own3}`],
    [chatPath, `x-goog-api-key: ${own4}`],
    [`${chatPath}?key=${own5}&alt=sse`, 'x-nothing: 1'],
    [`${chatPath}?key=${keys.forward[0]}`, 'x-nothing: 1'],
    [`/extra${chatPath}`, bearer(keys.forward[0]!)],
    [`/v1/unknown/path?key=${own5}`, 'x-nothing: 1'],
    [`/nowhere?api_key=${own5}`, bearer(own1)],
    [chatPath, 'Cookie: nothing=1'],
    ['/metrics', bearer(own1)],
  ];
  const post = async (path: string, header: string, body: string): Promise<void> => {
    const [name, value] = header.split(': ') as [string, string];
    const headers = { 'content-type': 'application/json', [name]: value };
    await (await fetch(url + path, { method: 'POST', headers, body })).text();
  };
  for (const [path, header] of credentials) {
    await post(path!, header!, bodyOf({}));
    await post(path!, header!, bodyOf({ stream: true }));
    await post(path!, header!, bodyOf({ messages: [{ role: 'user', content: 'refuse' }] }));
    await post(path!, header!, bodyOf({ caching: true }));
  }
  for (const content of inPrompt) {
    for (const stream of [false, true]) {
      await post(
        chatPath,
        bearer(keys.forward[0]!),
        bodyOf({ stream, messages: [{ role: 'user', content }] }),
      );
      await post(
        '/v1/completions',
        bearer(keys.forward[0]!),
        JSON.stringify({ model: 'm', prompt: content, stream }),
      );
      await post(
        '/v1/responses',
        bearer(keys.forward[0]!),
        JSON.stringify({ model: 'm', input: content, stream }),
      );
    }
    const escaped = [...content]
      .map((letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('');
    await post(chatPath, bearer(own1), `{"model":"m","messages":[{"role":"user","content":"${escaped}"}]}`);
    await post(
      '/v1/embeddings',
      bearer(own1),
      JSON.stringify({ model: 'm', input: [content], [content]: 1 }),
    );
    await post(chatPath, bearer(own1), `not json ${content}`);
    await post(
      chatPath,
      bearer(own1),
      bodyOf({ user: content, tools: [{ type: 'function', function: { name: content } }] }),
    );
  }
}

async function talkOverSockets(url: string): Promise<void> {
  const key = keys.client[5]!;
  const forms = [
    { protocols: ['realtime', `openai-insecure-api-key.${key}`] },
    { headers: { authorization: `Bearer ${keys.forward[0]}` } },
    { path: `/sockets/v1/realtime?key=${key}` },
  ];
  for (const form of forms) {
    using client = await Client.open(url, { path: '/sockets/v1/realtime', ...form });
    client.socket.close();
    await client.end();
  }
}

async function commandOutputs(env: Record<string, string>): Promise<Record<string, string>> {
  const { LOG_DIR: logDir } = env;
  const all: Record<string, string> = {};
  const commands = [
    ['config'],
    ['config', '--json'],
    ...['key', 'model', 'route', 'target', 'day'].map((by) => ['stats', '--by', by]),
    ['stats', '--last', '1000', '--json'],
    ['stats', '--last', '1000', '--csv'],
    ['stats', '--last', '1000'],
    ['top', '--once'],
    ['top', '--once', '--json'],
    ['logs', 'tail', '-n', '1000'],
    ['logs', 'tail', '-n', '1000', '--json'],
    ['logs', 'tail', '-n', '1000', '--raw'],
    ['logs', 'search', 'mine is'],
    ['cache', 'stats'],
    ['convert', '--log-folder', logDir!, '--output', emptyFolder()],
  ];
  const results = await Promise.all(commands.map((args) => runAifd(args, env)));
  results.forEach(({ out, err }, index) => (all[`aifd ${commands[index]!.join(' ')}`] = out + err));
  const converted = emptyFolder();
  await runAifd(['convert', '--full', '--log-folder', logDir!, '--output', converted], env);
  for (const file of filesIn(converted)) all[file] = await Bun.file(file).text();
  return all;
}

const all = [
  ...keys.forward,
  ...keys.openai,
  ...keys.extra,
  ...keys.client,
  keys.proxy,
  keys.redis,
  keys.collector,
];

for (const [format, print] of [
  ['python', false],
  ['jsonl', false],
  ['python', true],
] as const)
  test.skipIf(!hasRedis)(
    `no marked key is in any log, metric, trace, panel or command's output, chat logs as ${format}${print ? ', printed' : ''}`,
    async () => {
      await using redis = await startRedis();
      await redis.command('CONFIG', 'SET', 'requirepass', keys.redis);
      await using proxy = await startProxy(`agent:${keys.proxy}`);
      await using sockets = startWebSocketUpstream(echo);
      const collector = startKeeping();
      const env = {
        ...redisEnv(redis.port),
        LOG_FORMAT: format,
        LOG_LEVEL: 'debug',
        PRINT_CHAT: String(print),
        ACCESS_LOG_FORMAT: format === 'python' ? 'text' : 'json',
        FORWARD_KEY: keys.forward.join(','),
        OPENAI_API_KEY: keys.openai.join(','),
        EXTRA_BASE_URL: `${sockets.url},${sockets.url}`,
        EXTRA_ROUTE_PREFIX: '/sockets,/extra',
        EXTRA_API_KEY: keys.extra.join(','),
        ALLOW_CLIENT_KEYS: 'true',
        CACHE_CHAT_COMPLETION: 'true',
        DEFAULT_REQUEST_CACHING_VALUE: 'false',
        PROXY: `http://agent:${keys.proxy}@127.0.0.1:${proxy.port}`,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=${keys.collector}`,
        OTEL_BSP_SCHEDULE_DELAY: '50',
      };
      await using run = await startRecorded(env, tell);
      await askEverywhere(run.url);
      await talkOverSockets(run.url);
      await Bun.sleep(1200);
      const whole = { ...run.env, ...env, OPENAI_BASE_URL: run.upstream.url };
      const texts: Record<string, string | Uint8Array> = await commandOutputs(whole);
      texts['metrics'] = await run.metrics();
      await run.end();
      texts['what aifd printed'] = run.aifd.output.text;
      for (const file of filesIn(run.logDir)) texts[file] = await Bun.file(file).bytes();
      for (const file of filesIn(run.dataDir)) texts[file] = await Bun.file(file).bytes();
      collector.bodies.forEach((body, index) => (texts[`export ${index}`] = body));
      collector.stop();
      expectTold(texts, await chatLines(run.logDir), print);
      const leaks = findSecrets(texts, all);
      const short = [...new Set(leaks.map(({ where, key }) => `key ${key} in ${where}`))];
      expect(short).toEqual([]);
    },
    60_000,
  );

/** What holds nothing holds no secret either: each of them must tell of what was done. */
function expectTold(
  texts: Record<string, string | Uint8Array>,
  lines: readonly Told[],
  isPrinted: boolean,
): void {
  expect(lines.length).toBeGreaterThan(100);
  expect(JSON.stringify(lines)).toContain('mine is');
  const said = (where: string): string => String(texts[where]);
  expect(said('metrics')).toContain('aifd_requests_total{');
  expect(said('what aifd printed')).toContain(chatPath);
  expect(said('what aifd printed').includes('mine is')).toBe(isPrinted);
  expect(said('aifd logs search mine is')).toContain('mine is');
  expect(said('aifd stats --by key')).toMatch(/k:\w{6}/);
  expect(Object.keys(texts).filter((name) => name.startsWith('export ')).length).toBeGreaterThan(0);
  expect(Object.keys(texts).filter((name) => name.endsWith('chat_openai.json')).length).toBe(1);
}

test('a password in the URL of a Redis or a collector that is not there is not told when it fails', async () => {
  const rest = {
    OPENAI_BASE_URL: 'http://127.0.0.1:1',
    PROXY: `http://agent:${keys.proxy}@127.0.0.1:1`,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://agent:${keys.collector}@127.0.0.1:1`,
    DATA_DIR: emptyFolder(),
  };
  const env = { ...redisEnv(1), ...rest };
  const texts: Record<string, string> = {};
  texts['with Redis'] = await startRecorded(env).then(
    async (run) => {
      await using one = run;
      await one.ask(chatPath, chat());
      await one.end();
      return one.aifd.output.text;
    },
    (error: Error) => error.message,
  );
  expect(texts['with Redis']).toMatch(/redis/i);
  const config = await runAifd(['config', '--json'], env);
  texts['config'] = config.out + config.err;
  await using run = await startRecorded({ ...rest, OTEL_BSP_SCHEDULE_DELAY: '50' });
  const response = await run.ask(chatPath, { method: 'POST', headers: [json], body: '{"model":"m"}' });
  expect(response.status).toBe(502);
  await until(
    () => /127\.0\.0\.1:1/.test(run.aifd.output.text) && run.aifd.output.text.includes('"status":502'),
  );
  await run.end();
  texts['with a collector that is gone'] = run.aifd.output.text + response.text;
  expect(texts['with a collector that is gone']).toMatch(/collector|trace/i);
  expect(findSecrets(texts, all)).toEqual([]);
}, 60_000);

test('a configured key sent as a model or in a path is masked', async () => {
  const env = { FORWARD_KEY: keys.forward[0]!, OPENAI_API_KEY: keys.openai[0]! };
  await using run = await startRecorded(env, tell);
  const credentials = bearer(keys.forward[0]!);
  const [asModel, inPath] = [
    await run.ask(chatPath, chat({ model: keys.forward[0] }, [credentials])),
    await run.ask(`/v1/models/${keys.forward[0]}`, { headers: [credentials] }),
  ];
  const lines = await Promise.all(
    [asModel, inPath].map((answer) => run.access(answer.header('x-request-id')!)),
  );
  const metrics = await run.metrics();
  await run.end();
  const { out } = await runAifd(['stats', '--last', '10', '--json'], run.env);
  const texts = { access: JSON.stringify(lines), metrics, usage: out };
  expect([...new Set(findSecrets(texts, all).map(({ where }) => where))]).toEqual([]);
});
