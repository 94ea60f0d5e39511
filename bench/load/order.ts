/** Where a load goes. */
export interface Target {
  port: number;
  path: string;
}

export interface SseTarget extends Target {
  /** Events that each answer must have, `[DONE]` not counted. */
  events: number;
}

export type LoadOrder =
  | {
      kind: 'json';
      target: Target;
      connections: number;
      requests: number;
      expected: string;
      /** No prompt comes twice. */
      distinct?: boolean;
    }
  | { kind: 'sse'; target: SseTarget; connections: number; requests: number; distinct?: boolean }
  | { kind: 'starts'; target: SseTarget; connections: number };

/** What a load process reports: times in milliseconds. */
export interface LoadReport {
  requests: number;
  seconds: number;
  p50: number;
  p99: number;
  /** Time to the first event; SSE only. */
  first50?: number;
  first99?: number;
  /** From the first connect until every stream had its first event; `starts` only. */
  allStarted?: number;
}

/** The body of every request, about 300 bytes. @param prompt what tells it from others, up to 40 characters */
export function requestBody(stream: boolean, prompt = ''): string {
  const content = `${'y'.repeat(180)}${prompt.padStart(40, 'y')}`;
  return JSON.stringify({ model: 'bench', messages: [{ role: 'user', content }], stream });
}

let prompts = 0;
const run = crypto.randomUUID().slice(0, 23);

/** A prompt that no load ever sent before. */
export function freshPrompt(): string {
  prompts += 1;
  return `${run} ${prompts}`;
}

/** The key that clients send; a proxy under test swaps it for the real one. */
export const clientKey = 'fk-bench-0123456789';

/** The request as bytes on the wire, with the headers an SDK sends. */
export function requestText(target: Target, prompt?: string): string {
  const body = requestBody(true, prompt);
  const headers = [
    `Host: 127.0.0.1:${target.port}`,
    'Content-Type: application/json',
    `Authorization: Bearer ${clientKey}`,
    'User-Agent: OpenAI/JS bench',
    'Accept: application/json',
    `Content-Length: ${body.length}`,
  ];
  return `POST ${target.path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`;
}
