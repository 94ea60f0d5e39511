import type { MockRequest } from './requests.ts';
import type { Wish } from './wish.ts';

/** What every answer with `usage` says that it cost, in tokens. */
export const reportedTokens = 180;
/** The content of each event, unless `size` says otherwise. */
export const eventContent = 'hello ';

const base = '"id":"chatcmpl-bench","created":1700000000,"model":"bench"';
const usage = `{"prompt_tokens":60,"completion_tokens":${reportedTokens - 60},"total_tokens":${reportedTokens}}`;
const sseHead =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nX-Request-Id: bench\r\nTransfer-Encoding: chunked\r\n\r\n';

/** The body of a JSON answer of status 200; about 700 bytes unless `size` says otherwise. */
export function answerText(wish: Wish): string {
  const content = 'x'.repeat(wish.size || 450);
  const choice = `{"index":0,"message":{"role":"assistant","content":"${content}"},"finish_reason":"stop"}`;
  return `{${base},"object":"chat.completion","choices":[${choice}],"usage":${usage}}`;
}

/** The body of a stream, unframed. */
export function streamText(wish: Wish): string {
  const middle = Math.max(wish.chunks - 2, 0);
  return (
    (wish.chunks > 1 ? eventOf(wish, 0) + (middle > 0 ? eventOf(wish, 1).repeat(middle) : '') : '') +
    (wish.chunks > 0 ? eventOf(wish, wish.chunks - 1) : '') +
    endOf(wish)
  );
}

/** A whole HTTP answer with a JSON body. */
export function jsonAnswer(wish: Wish, request: MockRequest): Uint8Array {
  if (wish.echo) return whole(200, JSON.stringify({ head: request.head, bodyLength: request.bodyLength }));
  if (wish.status === 200) return whole(200, answerText(wish));
  const message = `mock status ${wish.status}`;
  return whole(wish.status, JSON.stringify({ error: { message, type: 'mock', param: null, code: null } }));
}

/** The pieces of an SSE answer: its head, then one chunk-encoded event each, then the end. */
export interface Pieces {
  head: Uint8Array;
  first: Uint8Array;
  event: Uint8Array;
  /** The last event with content. */
  last: Uint8Array;
  end: Uint8Array;
}

export function sseAnswer(wish: Wish): Pieces {
  const end = Buffer.concat([chunk(endOf(wish)), Buffer.from('0\r\n\r\n')]);
  const [first, event, last] = [0, 1, wish.chunks - 1].map((index) => chunk(eventOf(wish, index)));
  return { head: Buffer.from(sseHead), first: first!, event: event!, last: last!, end };
}

/** The first one says whose words these are, and the last why they end, as OpenAI's do: logs and caches look for that. */
function eventOf({ size, chunks }: Wish, index: number): string {
  const content = size ? 'x'.repeat(size) : eventContent;
  const role = index === 0 ? '"role":"assistant",' : '';
  const reason = index === chunks - 1 ? '"stop"' : 'null';
  const choice = `{"index":0,"delta":{${role}"content":"${content}"},"finish_reason":${reason}}`;
  return `data: {${base},"object":"chat.completion.chunk","choices":[${choice}]}\n\n`;
}

function endOf(wish: Wish): string {
  const last = `data: {${base},"object":"chat.completion.chunk","choices":[],"usage":${usage}}\n\n`;
  return `${wish.usage ? last : ''}data: [DONE]\n\n`;
}

function chunk(text: string): Buffer {
  return Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`);
}

function whole(status: number, body: string): Uint8Array {
  const head = `HTTP/1.1 ${status} Mock\r\nContent-Type: application/json\r\nX-Request-Id: bench\r\n`;
  return Buffer.from(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
