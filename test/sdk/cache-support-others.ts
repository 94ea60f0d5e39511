import { event, sse } from './support.ts';

const vectors = [
  [0.1, -2.5e-8, 1, 0.333333343],
  [-1, 0, 3.5, 7e-10],
].map((values) => new Float32Array(values));

/** Answers `POST /v1/embeddings` as OpenAI's API does: floats unless base64 is asked for. */
export function answerCachedEmbedding(asked: Record<string, unknown>): Response {
  const inputs = Array.isArray(asked.input) ? asked.input : [asked.input];
  const data = inputs.map((_, index) => {
    const vector = vectors[index % vectors.length]!;
    const isText = asked.encoding_format === 'base64';
    const embedding = isText ? Buffer.from(vector.buffer).toString('base64') : [...vector];
    return { object: 'embedding', index, embedding };
  });
  const usage = { prompt_tokens: 5, total_tokens: 5 };
  return Response.json({ object: 'list', data, model: asked.model, usage });
}

const choice = (text: string, index: number, finish: string | null) => ({
  text,
  index,
  logprobs: null,
  finish_reason: finish,
});

/** Answers `POST /v1/completions` as OpenAI's API does, the `count`th time. */
export function answerCachedCompletion(asked: Record<string, unknown>, count: number): Response {
  const about = {
    id: `cmpl-${count}`,
    object: 'text_completion',
    created: 1_750_000_000 + count,
    model: 'gpt-3.5-turbo-instruct:20230824-v2',
  };
  const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
  const texts = ['Once upon a time 🦊.', ' Twice.'].slice(0, (asked.n as number | undefined) ?? 1);
  if (asked.stream !== true) {
    return Response.json({
      ...about,
      choices: texts.map((text, index) => choice(text, index, 'stop')),
      usage,
    });
  }
  const options = asked.stream_options as { include_usage?: boolean } | undefined;
  const includeUsage = options?.include_usage === true;
  const ending = includeUsage ? { usage: null } : {};
  const events = texts.flatMap((text, index) => {
    const pieces = text.match(/[^]{1,4}/gu) ?? [];
    return pieces.map((piece) => choice(piece, index, null)).concat(choice('', index, 'stop'));
  });
  return sse([
    ...events.map((one) => event({ ...about, choices: [one], ...ending })),
    ...(includeUsage ? [event({ ...about, choices: [], usage })] : []),
    event('[DONE]'),
  ]);
}
