import type { Happening } from '../../src/record/happening.ts';
import { ChatPrinter } from '../../src/record/print/print.ts';

/** A printer, and what it printed. */
export function printer() {
  const out: string[] = [];
  return { printer: new ChatPrinter({ write: (text) => out.push(text) }), out };
}

export const bytes = (value: unknown): Uint8Array =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

/** An exchange that has ended. */
export function happening(
  id: string,
  request: unknown,
  contentType: string,
  body: string,
  more: Partial<Happening> = {},
): Happening {
  return {
    id,
    at: 0,
    method: 'POST',
    path: '/v1/chat/completions',
    route: '/v1/chat/completions',
    family: 'chat',
    prefix: '/',
    target: 'x',
    user: '',
    address: '',
    model: 'gpt-4o',
    stream: false,
    status: 200,
    end: 'whole',
    code: undefined,
    durationMs: 1234,
    firstByteMs: 1,
    upstreamMs: 1,
    queueMs: 0,
    overheadMs: 0,
    attempts: 1,
    cache: undefined,
    usage: { input: 3, output: 4, cached: undefined, reasoning: undefined, reported: true },
    bytesIn: 0,
    bytesOut: 0,
    request: request === undefined ? undefined : bytes(request),
    answer: { contentType, encoding: '', body: bytes(body), whole: true },
    traceparent: undefined,
    ...more,
  };
}

/** A stream that begins. */
export const streamOf = (id: string, request: unknown) => ({
  id,
  family: 'chat' as const,
  method: 'POST',
  request: bytes(request),
  contentType: 'text/event-stream; charset=utf-8',
  encoding: '',
});

export const streamOfAll = (all: readonly unknown[]): Buffer =>
  Buffer.from(
    `${all.map((each) => `data: ${JSON.stringify(each)}\r\n\r\n`).join('')}: x\n\ndata: [DONE]\n\n`,
  );

export const delta = (fields: unknown) => ({ choices: [{ index: 0, delta: fields }] });

/** What it printed of answers: neither questions nor what became of them. */
export const saidIn = (out: readonly string[]): string[] =>
  out.filter((line) => !/^\S+ (?:model |> |\d{3}, )/.test(line)).map((line) => line.slice(0, -1));
