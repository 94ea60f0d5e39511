import { load } from '../../src/config/load.ts';
import type { Config } from '../../src/config/options.ts';
import type { Edge, Exchange } from '../../src/gateway/exchange.ts';
import { type Destination, Destinations } from '../../src/gateway/destination.ts';
import { Upstreams } from '../../src/gateway/route/upstream.ts';
import type { ResponseHead } from '../../src/gateway/upstream/wire/head.ts';

/** What clients ask for. */
export const chatPath = '/v1/chat/completions';
/** The one key that is let in, and one that is not. */
export const clientKey = 'fk-stages-0123456789abcdef';
export const wrongKey = 'fk-stages-fedcba9876543210';

/** A configuration that has keys and one target, and what `env` says. */
export function configOf(env: Record<string, string> = {}): Config {
  const base = {
    OPENAI_BASE_URL: 'http://127.0.0.1:9',
    OPENAI_API_KEY: 'sk-stages-9876543210',
    FORWARD_KEY: clientKey,
  };
  // No `.env` is in this folder.
  return load({ flags: {}, env: { ...base, ...env }, cwd: import.meta.dir }).config;
}

/** A chat question of so many bytes, about. */
export function question(bytes: number, stream = false): string {
  const content = 'Tell me something of the sea. '.repeat(Math.ceil(bytes / 30)).slice(0, bytes);
  const messages = [
    { role: 'system', content: 'You are helpful.' },
    { role: 'user', content },
  ];
  return JSON.stringify({ model: 'gpt-4o-mini', messages, temperature: 0.7, max_tokens: 100, stream });
}

/** A request as an SDK sends it. */
export function chatRequest(body: string, key = clientKey, path = chatPath): Request {
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'gzip, deflate, br, zstd',
    authorization: `Bearer ${key}`,
    connection: 'keep-alive',
    'content-length': String(body.length),
    'content-type': 'application/json',
    host: 'localhost:8000',
    'user-agent': 'OpenAI/Python 2.8.0',
    'x-stainless-lang': 'python',
    'x-stainless-package-version': '2.8.0',
    'x-stainless-runtime': 'CPython',
    'x-stainless-retry-count': '0',
  };
  return new Request(`http://localhost:8000${path}`, { method: 'POST', headers, body });
}

export const edge: Edge = {
  addressOf: () => '192.0.2.7',
  liftIdleLimit: () => {},
  limitStall: () => {},
  restoreIdleLimit: () => {},
  upgrade: () => false,
};

/** An exchange as it is behind the gates, its body read. */
export function exchangeOf(config: Config, body: string): Exchange {
  const request = chatRequest(body);
  const destination = new Destinations(new Upstreams(config)).find(request.url) as Destination;
  return {
    request,
    edge,
    method: 'POST',
    destination,
    credentials: { kind: 'replace', place: 'authorization', key: clientKey, isChecked: true },
    handshake: undefined,
    body: { kind: 'bytes', bytes: Buffer.from(body) },
    reading: undefined,
    passing: undefined,
    started: performance.now(),
    client: request,
    user: undefined,
    family: undefined,
    caching: undefined,
    cache: undefined,
    ticket: undefined,
    span: undefined,
    asked: undefined,
    headed: undefined,
    queuedMs: 0,
    attempts: 0,
  };
}

const base = { id: 'chatcmpl-1', created: 1_700_000_000, model: 'gpt-4o-mini-2024-07-18' };
const usage = { prompt_tokens: 60, completion_tokens: 120, total_tokens: 180 };

/** An answer in one piece. */
export const plainAnswer = JSON.stringify({
  ...base,
  object: 'chat.completion',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'The sea. '.repeat(50) }, finish_reason: 'stop' },
  ],
  usage,
});

const event = (choices: object[], more: object = {}): string =>
  `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', choices, ...more })}\n\n`;

/** The events of an answer with so many pieces of content, each with the blank line that ends it. */
export function streamedAnswer(pieces: number): string[] {
  const delta = { content: ' sea' };
  return [
    event([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]),
    ...Array.from({ length: pieces }, () => event([{ index: 0, delta, finish_reason: null }])),
    event([{ index: 0, delta: {}, finish_reason: 'stop' }]),
    event([], { usage }),
    'data: [DONE]\n\n',
  ];
}

/** The head of an answer with this media type. */
export function headOf(contentType: string): ResponseHead {
  return {
    status: 200,
    headers: [
      ['Content-Type', contentType],
      ['X-Request-Id', 'req_0123456789'],
    ],
    framing: { kind: 'chunked' },
    keepAlive: true,
    keepAliveSeconds: undefined,
    upgrade: false,
  };
}
