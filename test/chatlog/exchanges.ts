import type { Happening } from '../../src/record/happening.ts';
import { ChatLog, type ChatLogOptions } from '../../src/record/chatlog/sink.ts';

/** An exchange that went well, but for what is given. */
export function happening(given: Partial<Happening>): Happening {
  return {
    id: 'req-1',
    at: Date.UTC(2023, 9, 17, 15, 27, 12),
    method: 'POST',
    path: '/v1/chat/completions',
    route: '/v1/chat/completions',
    family: 'chat',
    prefix: '/',
    target: 'api.openai.com',
    user: 'k:0123456789abcdef',
    address: '127.0.0.1',
    model: 'gpt-4o',
    stream: false,
    status: 200,
    end: 'whole',
    code: undefined,
    durationMs: 12.4,
    firstByteMs: 10.2,
    upstreamMs: 9,
    queueMs: 0,
    overheadMs: 1,
    attempts: 1,
    cache: undefined,
    usage: undefined,
    bytesIn: 0,
    bytesOut: 0,
    request: undefined,
    answer: undefined,
    traceparent: undefined,
    ...given,
  };
}

export function jsonAnswer(answer: unknown, given: { whole?: boolean; encoding?: string } = {}) {
  const body = typeof answer === 'string' ? answer : JSON.stringify(answer);
  return { contentType: 'application/json', encoding: '', body: Buffer.from(body), whole: true, ...given };
}

export function streamAnswer(text: string, given: { whole?: boolean; encoding?: string } = {}) {
  return { contentType: 'text/event-stream', encoding: '', body: Buffer.from(text), whole: true, ...given };
}

/** A chat completion's stream: one event a delta, then the end. */
export function chatStream(deltas: readonly unknown[], finish = 'stop'): string {
  return `${deltas.map((delta) => chatEvent(delta, null)).join('')}${chatEvent({}, finish)}data: [DONE]\n\n`;
}

function chatEvent(delta: unknown, reason: string | null): string {
  return `data: ${JSON.stringify({
    id: 'chatcmpl-9',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'gpt-4o-2024-08-06',
    system_fingerprint: 'fp_1',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
  })}\n\n`;
}

export function chatAnswer(message: unknown, finish = 'stop') {
  return {
    id: 'chatcmpl-9',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'gpt-4o-2024-08-06',
    choices: [{ index: 0, message, logprobs: null, finish_reason: finish }],
    usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 },
    system_fingerprint: 'fp_1',
  };
}

export const asBytes = (value: unknown): Uint8Array =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

function onProblem(error: unknown): never {
  throw error;
}

/** Logs these, and gives what each file got. */
export async function logged(
  exchanges: readonly Happening[],
  options: Partial<ChatLogOptions> = {},
): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const writer = {
    write: (file: string, lines: string): void => void (files[file] = (files[file] ?? '') + lines),
    close: async (): Promise<void> => {},
  };
  const log = new ChatLog(writer, { format: 'python', keys: [], redact: [], onProblem, ...options });
  for (const exchange of exchanges) log.happened(exchange);
  await log.close();
  return files;
}
