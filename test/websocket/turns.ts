import { emptyFolder, startAifd } from '../support/aifd.ts';
import { Client } from './client.ts';
import { startWebSocketUpstream } from './upstream.ts';

export type Event = Readonly<Record<string, unknown>>;
type Send = (event: Event) => void;

/** A message as an event; other messages have none. */
export function eventOf(message: string | Buffer): Event {
  return JSON.parse(message.toString()) as Event;
}

/** How OpenAI reports tokens of a response, Realtime's details too. */
export const usageOf = (input: number, output: number) => ({
  input_tokens: input,
  output_tokens: output,
  total_tokens: input + output,
  input_token_details: { cached_tokens: 1, text_tokens: input, audio_tokens: 0 },
});

/** The Responses API's event that asks for a response. */
export const create = (fields: Event = {}): string =>
  JSON.stringify({ type: 'response.create', model: 'gpt-5', input: 'hello', ...fields });

/** Realtime's. */
export const realtimeCreate = (fields: Event = {}): string =>
  JSON.stringify({ type: 'response.create', ...fields });

/** Events of a whole response of the Responses API. */
export function response(id: string, input: number, output: number, text = 'hi there'): Event[] {
  const item = { id: 'msg', type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] };
  const whole = { id, model: 'gpt-5', status: 'completed', output: [item], usage: usageOf(input, output) };
  return [
    { type: 'response.created', response: { id, status: 'in_progress', output: [] } },
    { type: 'response.output_text.delta', response_id: id, output_index: 0, content_index: 0, delta: text },
    { type: 'response.completed', response: whole },
  ];
}

/** An upstream that gives the events it gets to `answer`, and aifd before it. */
export async function startTurns(
  env: Record<string, string>,
  answer: (event: Event, send: Send, socket: { terminate(): void; close(): void }) => unknown,
) {
  const upstream = startWebSocketUpstream({
    message: (socket, data) =>
      answer(eventOf(data as string), (event) => void socket.send(JSON.stringify(event)), socket),
  });
  const aifd = await startAifd({
    OPENAI_BASE_URL: upstream.url,
    RATE_LIMIT_BACKEND: 'memory',
    DATA_DIR: emptyFolder(),
    MAX_RETRIES: '0',
    ...env,
  });
  return {
    url: aifd.url,
    upstream,
    /** A client on the Responses API's route. */
    open: (path = '/v1/responses'): Promise<Client> => Client.open(aifd.url, { path }),
    async [Symbol.asyncDispose](): Promise<void> {
      await aifd[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

/** The types of the events that came. */
export const typesOf = (client: Client): unknown[] => client.messages.map((message) => eventOf(message).type);
