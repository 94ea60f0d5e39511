import { UsageReader } from '../../src/openai/usage/usage.ts';
import type { Usage } from '../../src/openai/usage/usage.ts';
import { WireFailure } from '../../src/gateway/upstream/wire/failure.ts';

export interface Given {
  readonly type: string;
  readonly encoding?: string;
  /** The body is cut short after its pieces. */
  readonly cut?: boolean;
}

/** What a reader makes of an answer. */
export function read(pieces: Iterable<Uint8Array>, { type, encoding, cut = false }: Given): Promise<Usage> {
  return new Promise((resolve, reject) => {
    let told = 0;
    const headers: [string, string][] = [['Content-Type', type]];
    if (encoding) headers.push(['content-encoding', encoding]);
    const reader = new UsageReader({ headers }, (usage) => {
      if (++told === 1) resolve(usage);
      else reject(new Error('told twice'));
    });
    for (const piece of pieces) {
      // Off a socket they are Buffers, whose methods differ from those of a Uint8Array.
      reader.chunk(Buffer.from(piece));
    }
    reader.end(cut ? new WireFailure('truncated', 'cut') : undefined);
  });
}

/** An answer's usage from its text. */
export function readText(text: string, given: Given): Promise<Usage> {
  return read([Buffer.from(text)], given);
}

export const json: Given = { type: 'application/json; charset=utf-8' };
export const stream: Given = { type: 'text/event-stream; charset=utf-8' };

/** The body of a stream: an object becomes an event of its own, a text stands as it is. */
export function sse(...events: (object | string)[]): string {
  return events
    .map((event) => (typeof event === 'string' ? event : `data: ${JSON.stringify(event)}\n\n`))
    .join('');
}

/** A `chat.completion.chunk`. */
export function chunk(delta: object, more: object = {}): object {
  const choices = [{ index: 0, delta, logprobs: null, finish_reason: null }];
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...more };
}

export const DONE = 'data: [DONE]\n\n';
