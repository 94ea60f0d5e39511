import { gzipSync } from 'node:zlib';
import { answerStream, doneEvent, event } from '../cache-http/support.ts';
import { chunk, jsonType, streamHead } from '../limits-http/support.ts';
import type { Handler, UpstreamRequest } from '../support/upstream.ts';

const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };

const chatAnswer = (content: string): string =>
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage,
  });

const usageEvent = `data: ${JSON.stringify({ id: 'chatcmpl-s', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage })}\n\n`;

const embedding = JSON.stringify({
  object: 'list',
  data: [{ object: 'embedding', index: 0, embedding: [0.5, 0.25] }],
  model: 'm',
  usage: { prompt_tokens: 5, total_tokens: 5 },
});

const response = JSON.stringify({
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  model: 'm',
  output: [
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'said by responses', annotations: [] }],
    },
  ],
  usage: {
    input_tokens: 21,
    output_tokens: 9,
    total_tokens: 30,
    input_tokens_details: { cached_tokens: 4 },
    output_tokens_details: { reasoning_tokens: 3 },
  },
});

/** Answers as the last message says it should: `stream`, `cut`, `gzip`, `slow`, `dead`, `error` or anything else. */
export const answerKinds: Handler = async (request) => {
  await request.whole();
  if (!request.message.complete) return;
  if (request.target.includes('embeddings')) return request.answer(200, embedding, jsonType);
  if (request.target.includes('responses')) return request.answer(200, response, jsonType);
  const { messages } = JSON.parse(request.text) as { messages: { content: string }[] };
  await answerChat(request, messages.at(-1)!.content);
};

async function answerChat(request: UpstreamRequest, wish: string): Promise<void> {
  if (wish.startsWith('stream'))
    return answerStream(request, event('one '), event('two'), event('', 'stop'), usageEvent, doneEvent);
  if (wish.startsWith('errored'))
    return answerStream(
      request,
      event('begun '),
      `event: error\ndata: ${JSON.stringify({ error: { message: 'overloaded' } })}\n\n`,
    );
  if (wish.startsWith('busy'))
    return request.answer(503, JSON.stringify({ error: { message: 'busy' } }), jsonType);
  if (wish.startsWith('cut')) {
    request.send(streamHead).send(chunk(event('begun ')));
    return void setTimeout(() => request.die(), 50);
  }
  // It never ends: whoever asks leaves.
  if (wish.startsWith('slow')) return void request.send(streamHead).send(chunk(event('begun ')));
  if (wish.startsWith('silent')) return;
  if (wish.startsWith('dead')) return request.die();
  if (wish.startsWith('error'))
    return request.answer(
      401,
      JSON.stringify({ error: { message: 'no', code: 'invalid_api_key' } }),
      jsonType,
    );
  if (wish.startsWith('gzip'))
    return request.answer(200, gzipSync(chatAnswer(`packed ${wish}`)), [
      ...jsonType,
      'Content-Encoding: gzip',
    ]);
  if (wish.startsWith('later')) await Bun.sleep(150);
  request.answer(200, chatAnswer(`answer to ${wish}`), jsonType);
}
