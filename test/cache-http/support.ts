import { expect } from 'bun:test';
import { type Asked, RawClient, requestBytes, type RawResponse } from '../support/raw.ts';
import { until } from '../support/until.ts';
import type { Handler, UpstreamRequest } from '../support/upstream.ts';
import {
  chat,
  chatPath,
  chunk,
  jsonType,
  lastChunk,
  startWay,
  streamHead,
  type Way,
} from '../limits-http/support.ts';

export * from '../limits-http/support.ts';

type Env = Record<string, string>;

/** A chat answer that no two requests get alike. */
export const numbered = (index: number, more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    id: `chatcmpl-${index}`,
    object: 'chat.completion',
    created: 1_700_000_000 + index,
    model: 'm',
    choices: [
      { index: 0, message: { role: 'assistant', content: `answer ${index}` }, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    ...more,
  });

/** An upstream's manner: each request gets an answer of its own. */
export const answerNumbered: Handler = async (request, index) => {
  await request.whole();
  if (request.message.complete) request.answer(200, numbered(index), jsonType);
};

/** One event of a chat stream. */
export const event = (content: string, finish: string | null = null, id = 'chatcmpl-s'): string =>
  `data: ${JSON.stringify({
    id,
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'm',
    choices: [{ index: 0, delta: content === '' ? {} : { content }, finish_reason: finish }],
  })}\n\n`;

export const doneEvent = 'data: [DONE]\n\n';

/** A whole chat stream of that text. */
export const events = (...contents: string[]): string =>
  contents.map((content) => event(content)).join('') + event('', 'stop') + doneEvent;

/** Answers with a stream, each piece a chunk of its own. */
export function answerStream(request: UpstreamRequest, ...pieces: string[]): void {
  request.send(streamHead);
  for (const piece of pieces) request.send(chunk(piece));
  request.send(lastChunk);
}

/** aifd with the chat cache in memory before an upstream. */
export const startCached = (env: Env = {}, handler: Handler = answerNumbered): Promise<Way> =>
  startWay({ CACHE_CHAT_COMPLETION: 'true', ...env }, handler);

export const statusOf = (response: RawResponse): string => response.header('cache-status') ?? '';

/** The answer comes from what is kept. */
export function expectHit(response: RawResponse): void {
  expect(statusOf(response)).toMatch(/^aifd; hit/);
}

/** Asks until what was asked before is kept: that happens after the answer. */
export async function askUntilHit(way: Way, path: string, asked: Asked): Promise<RawResponse> {
  return until(async () => {
    const headers = [...(asked.headers ?? []), 'Cache-Control: only-if-cached'];
    const response = await way.ask(path, { ...asked, headers });
    return response.status === 504 ? undefined : response;
  }, 'the answer is kept');
}

/** Asks once, and waits until that answer is kept. */
export async function askAndKeep(way: Way, asked: Asked = chat(), path = chatPath): Promise<RawResponse> {
  const first = await way.ask(path, asked);
  await askUntilHit(way, path, asked);
  return first;
}

/** Lets what happens behind an answer happen: a keeping that must not be can only be waited for so. */
export const settled = (): Promise<void> => Bun.sleep(60);

/** How many requests reached the upstream. */
export const asks = (way: Way): number => way.upstream.requests.length;

/** A request whose answer is left to come. */
export async function begin(url: string, asked: Asked = chat(), path = chatPath): Promise<RawClient> {
  return (await RawClient.open(url)).send(requestBytes(path, asked));
}

/** Asks again and expects that nothing had been kept. */
export async function expectNotKept(way: Way, asked: Asked = chat(), path = chatPath): Promise<void> {
  await settled();
  const headers = [...(asked.headers ?? []), 'Cache-Control: only-if-cached'];
  const response = await way.ask(path, { ...asked, headers });
  expect([response.status, statusOf(response)]).toEqual([504, 'aifd; detail=miss']);
}
