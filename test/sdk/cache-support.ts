import { expect } from 'bun:test';
import type { OpenAI } from 'openai';
import { answerCachedChat } from './cache-support-chat.ts';
import { answerCachedCompletion, answerCachedEmbedding } from './cache-support-others.ts';
import { answerCachedResponse } from './cache-support-responses.ts';
import { type Seen, startWay } from './support.ts';

/** Everything that these tests ask for is cached, in this process's memory. */
export const cached = {
  CACHE_CHAT_COMPLETION: 'true',
  CACHE_EMBEDDING: 'true',
  CACHE_ROUTES: '["/v1/responses", "/v1/completions"]',
  CACHE_BACKEND: 'MEMORY',
};

/** Answers as OpenAI's API would; each answer has an id and a time of its own, so that a second one is told from a replay. */
export function openaiUpstream(): (seen: Seen) => Response {
  let count = 0;
  return ({ path, body, headers }) => {
    const asked = JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>;
    // The API refuses what it does not know, and so would it our field.
    if ('caching' in asked) return unknownField('caching');
    const answer = {
      '/v1/chat/completions': answerCachedChat,
      '/v1/completions': answerCachedCompletion,
      '/v1/embeddings': answerCachedEmbedding,
      '/v1/responses': answerCachedResponse,
    }[path];
    if (!answer) return Response.json({ error: { message: `no ${path}` } }, { status: 404 });
    const response = answer(asked, ++count);
    response.headers.set('x-request-id', `req_${count}`);
    response.headers.set('openai-processing-ms', '12');
    response.headers.set('openai-version', '2020-10-01');
    response.headers.set('x-asked-encoding', headers.get('accept-encoding') ?? '');
    return response;
  };
}

function unknownField(param: string): Response {
  const message = `Unrecognized request argument supplied: ${param}`;
  const error = { message, type: 'invalid_request_error', param, code: 'unknown_parameter' };
  return Response.json({ error }, { status: 400 });
}

/** OpenAI's API, aifd with a cache before it, and the SDK. */
export const startCachedWay = (env: Record<string, string> = {}) =>
  startWay(openaiUpstream(), { ...cached, ...env });

/** What the SDK promises of a call. */
export interface Call {
  withResponse(): Promise<{ data: unknown; response: Response }>;
}

/** All that the SDK gives of an answer; a stream's events as a list. */
export async function told(call: Call) {
  const { data, response } = await call.withResponse();
  return {
    data: isStream(data) ? await Array.fromAsync(data) : data,
    status: response.status,
    type: response.headers.get('content-type'),
    version: response.headers.get('openai-version'),
    /** By `Cache-Status`. */
    cache: response.headers.get('cache-status') ?? '',
    age: response.headers.get('age'),
  };
}

function isStream(data: unknown): data is AsyncIterable<unknown> {
  return typeof data === 'object' && data !== null && 'tee' in data && Symbol.asyncIterator in data;
}

/** The parts of a way that are looked at. */
interface Way {
  readonly client: OpenAI;
  readonly seen: readonly Seen[];
}

/** Asks anew, then again: the second answer must be kept, cost nothing upstream, and equal the first in all. */
export async function expectSameReplay({ client, seen }: Way, call: (client: OpenAI) => Call) {
  const before = seen.length;
  const first = await told(call(client));
  expect(first.cache).toBe('aifd; fwd=uri-miss; stored');
  expect(seen.length).toBe(before + 1);
  const again = await told(call(client));
  expect(again.cache).toMatch(/^aifd; hit; ttl=\d+$/);
  expect(again.age).toMatch(/^\d+$/);
  expect(seen.length).toBe(before + 1);
  expect({ ...again, cache: '', age: '' }).toStrictEqual({ ...first, cache: '', age: '' });
  return first.data;
}

/** What the call's answer is, which must come from the cache. */
export async function dataOfHit<T>(call: Call): Promise<T> {
  const { data, cache } = await told(call);
  expect(cache).toStartWith('aifd; hit');
  return data as T;
}
