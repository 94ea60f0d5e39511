import type { MockRequest } from './requests.ts';

/** What the query of a request asks of the mock upstream; every field has a default. */
export interface Wish {
  /** SSE events before `[DONE]`. */
  chunks: number;
  /** Milliseconds between events; 0: one event a turn of the event loop. */
  interval: number;
  /** Milliseconds before the first byte. */
  delay: number;
  status: number;
  /** Bytes of content (of each event, for SSE); 0: a usual small answer. */
  size: number;
  /** Answer with the request's own head, to see what a proxy made of it. */
  echo: boolean;
  stream: boolean;
  /** A last event of a stream has `usage`; JSON answers always do. */
  usage: boolean;
}

/** What every answer with `usage` says that it cost, in tokens. */
export const reportedTokens = 180;
/** The content of each event, unless `size` says otherwise. */
export const eventContent = 'hello ';

const base = '"id":"chatcmpl-bench","created":1700000000,"model":"bench"';
const usage = `{"prompt_tokens":60,"completion_tokens":${reportedTokens - 60},"total_tokens":${reportedTokens}}`;
const sseHead =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nX-Request-Id: bench\r\nTransfer-Encoding: chunked\r\n\r\n';

/** Reads the wish from a request's query and body. */
export function wishOf(request: MockRequest): Wish {
  const query = new URLSearchParams(request.target.split('?')[1] ?? '');
  const number = (name: string, otherwise: number): number => Number(query.get(name) ?? otherwise);
  return {
    chunks: number('chunks', 50),
    interval: number('interval', 0),
    delay: number('delay', 0),
    status: number('status', 200),
    size: number('size', 0),
    echo: query.has('echo'),
    usage: query.has('usage'),
    stream: /"stream":\s*true/.test(request.body),
  };
}

/** A whole HTTP answer with a JSON body; about 700 bytes of body unless `size` says otherwise. */
export function jsonAnswer(wish: Wish, request: MockRequest): Uint8Array {
  if (wish.echo) return whole(200, JSON.stringify({ head: request.head, bodyLength: request.bodyLength }));
  if (wish.status !== 200) {
    const message = `mock status ${wish.status}`;
    return whole(wish.status, JSON.stringify({ error: { message, type: 'mock', param: null, code: null } }));
  }
  const content = 'x'.repeat(wish.size || 450);
  const choice = `{"index":0,"message":{"role":"assistant","content":"${content}"},"finish_reason":"stop"}`;
  return whole(200, `{${base},"object":"chat.completion","choices":[${choice}],"usage":${usage}}`);
}

/** The pieces of an SSE answer: its head, then one chunk-encoded event each, then the end. */
export function sseAnswer(wish: Wish): { head: Uint8Array; event: Uint8Array; end: Uint8Array } {
  const content = wish.size ? 'x'.repeat(wish.size) : eventContent;
  const last = `data: {${base},"object":"chat.completion.chunk","choices":[],"usage":${usage}}\n\n`;
  const choice = `{"index":0,"delta":{"content":"${content}"},"finish_reason":null}`;
  return {
    head: Buffer.from(sseHead),
    event: chunk(`data: {${base},"object":"chat.completion.chunk","choices":[${choice}]}\n\n`),
    end: Buffer.concat([
      ...(wish.usage ? [chunk(last)] : []),
      chunk('data: [DONE]\n\n'),
      Buffer.from('0\r\n\r\n'),
    ]),
  };
}

function chunk(text: string): Buffer {
  return Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`);
}

function whole(status: number, body: string): Uint8Array {
  const head = `HTTP/1.1 ${status} Mock\r\nContent-Type: application/json\r\nX-Request-Id: bench\r\n`;
  return Buffer.from(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
