import { event, sse } from './support.ts';

/** One choice as the plain answer has it. */
interface Choice {
  readonly message: Record<string, unknown>;
  readonly finish_reason: string;
  readonly logprobs?: { content: unknown[]; refusal: null };
}

const usage = {
  prompt_tokens: 19,
  completion_tokens: 10,
  total_tokens: 29,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 3,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};

const said = (content: string, more = {}): Choice => ({
  message: { role: 'assistant', content, refusal: null, annotations: [], ...more },
  finish_reason: 'stop',
});
const called = (id: string, name: string, args: object) => ({
  id,
  type: 'function',
  function: { name, arguments: JSON.stringify(args) },
});
const logprob = (token: string) => ({
  token,
  logprob: -0.25,
  bytes: [...Buffer.from(token)],
  top_logprobs: [{ token, logprob: -0.25, bytes: [...Buffer.from(token)] }],
});
const odd = 'Grüße, 你好 🦊👩‍👩‍👧 \u2028\u2029 "quoted" \\ \u0000 \r\n\t data: [DONE]\n\nevent: x\n';

/** What the API answers, by the model's name. */
export const chatChoices: Readonly<Record<string, readonly Choice[]>> = {
  text: [said('Hello there! How can I help you today?')],
  unicode: [said(odd)],
  empty: [said('')],
  cut: [{ ...said('Too lo'), finish_reason: 'length' }],
  long: [said('A word and a word. '.repeat(2000))],
  two: [said('The first of them is longer.'), said('The second.')],
  tools: [
    {
      message: {
        role: 'assistant',
        content: null,
        tool_calls: [
          called('call_a', 'weather', { city: 'Köln', days: [1, 2.5, -3e-7], deep: { a: null } }),
          called('call_b', 'time', {}),
          called('call_c', 'weather', { city: '東京 "x"' }),
        ],
        refusal: null,
        annotations: [],
      },
      finish_reason: 'tool_calls',
    },
  ],
  reasoning: [said('It is 4.', { reasoning_content: 'Two and two. That makes\nfour 🤔.' })],
  refusal: [
    {
      message: { role: 'assistant', content: null, refusal: "I'm sorry, I can't do that.", annotations: [] },
      finish_reason: 'stop',
    },
  ],
  logprobs: [
    { ...said('Yes, it is'), logprobs: { content: ['Yes', ',', ' it', ' is'].map(logprob), refusal: null } },
  ],
  parsed: [said('{"city":"Köln","days":[1,2]}')],
};

/** Answers `POST /v1/chat/completions` as OpenAI's API does, the `count`th time. */
export function answerCachedChat(asked: Record<string, unknown>, count: number): Response {
  const choices = chatChoices[String(asked.model)];
  if (!choices) {
    const error = {
      message: 'no such model',
      type: 'invalid_request_error',
      param: null,
      code: 'model_not_found',
    };
    return Response.json({ error }, { status: 404 });
  }
  const about = {
    created: 1_750_000_000 + count,
    model: `${String(asked.model)}-2026-01-01`,
    service_tier: 'default',
    system_fingerprint: 'fp_44709d6fcb',
  };
  const id = `chatcmpl-${count}`;
  if (asked.stream === true) {
    const options = asked.stream_options as { include_usage?: boolean } | undefined;
    return sse(
      eventsOf(choices, { id, object: 'chat.completion.chunk', ...about }, options?.include_usage === true),
    );
  }
  return Response.json({
    id,
    object: 'chat.completion',
    ...about,
    choices: choices.map((choice, index) => Object.assign({ index, logprobs: null }, choice)),
    usage,
  });
}

interface Piece {
  delta: Record<string, unknown>;
  logprobs?: unknown;
  finish_reason?: string;
}

function eventsOf(choices: readonly Choice[], about: object, includeUsage: boolean): string[] {
  const rows = choices.map(piecesOf);
  const events: string[] = [];
  // The choices come interleaved, as the API sends them.
  for (let step = 0; rows.some((row) => step < row.length); step++) {
    for (const [index, row] of rows.entries()) {
      const piece = row[step];
      if (!piece) continue;
      const choice = { index, logprobs: null, finish_reason: null, ...piece };
      const ending = includeUsage ? { usage: null } : {};
      events.push(
        event({ ...about, choices: [choice], ...ending, obfuscation: 'aB3'.repeat(1 + (step % 3)) }),
      );
    }
  }
  if (includeUsage) events.push(event({ ...about, choices: [], usage, obfuscation: 'Z' }));
  return [...events, event('[DONE]')];
}

function piecesOf({ message, finish_reason, logprobs }: Choice): Piece[] {
  const { content, refusal, reasoning_content: reasoning, tool_calls: calls } = message;
  const head = { role: 'assistant', content: content === null ? null : '', refusal: null };
  const pieces: Piece[] = [{ delta: head }];
  for (const text of tokensOf(reasoning)) pieces.push({ delta: { reasoning_content: text } });
  if (logprobs)
    for (const one of logprobs.content as { token: string }[])
      pieces.push({ delta: { content: one.token }, logprobs: { content: [one], refusal: null } });
  else for (const text of tokensOf(content)) pieces.push({ delta: { content: text } });
  for (const text of tokensOf(refusal)) pieces.push({ delta: { refusal: text } });
  for (const [index, call] of ((calls ?? []) as ReturnType<typeof called>[]).entries()) {
    const { name, arguments: args } = call.function;
    pieces.push({ delta: { tool_calls: [{ index, ...call, function: { name, arguments: '' } }] } });
    for (const text of tokensOf(args))
      pieces.push({ delta: { tool_calls: [{ index, function: { arguments: text } }] } });
  }
  return [...pieces, { delta: {}, finish_reason }];
}

/** Few characters each, never half of one. */
function tokensOf(text: unknown): string[] {
  return typeof text === 'string' ? (text.match(/[^]{1,5}/gu) ?? []) : [];
}
