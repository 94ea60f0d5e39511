import { join } from 'node:path';

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

/** The value below which `share` (0 to 1) of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Seconds that a load may take: ten times what any does. */
const longest = 60;

/**
 * Runs a load in its own process.
 *
 * @param order what to send.
 * @param onAllStarted called once every stream of a `starts` load is open.
 * @throws Error when any answer was not whole, or the load took more than a minute.
 */
export async function runLoad(order: LoadOrder, onAllStarted?: () => void): Promise<LoadReport> {
  const file = order.kind === 'json' ? 'load-json.ts' : 'load-sse.ts';
  const child = Bun.spawn([process.execPath, join(import.meta.dir, file), JSON.stringify(order)], {
    stdout: 'pipe',
    stderr: 'inherit',
    timeout: longest * 1000,
    killSignal: 'SIGKILL',
  });
  let out = '';
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    const text = decoder.decode(bytes, { stream: true });
    if (text.includes('started\n')) onAllStarted?.();
    out += text;
  }
  const code = await child.exited;
  if (child.signalCode === 'SIGKILL')
    throw new Error(`the ${order.kind} load was killed: by another hand, or not done in ${longest} seconds`);
  if (code !== 0) throw new Error(`the ${order.kind} load on ${order.target.path} failed (exit ${code})`);
  return JSON.parse(out.slice(out.indexOf('{')));
}
