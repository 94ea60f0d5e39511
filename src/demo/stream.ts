import { words } from './answers.ts';
import type { Choice, Usage } from './answers.ts';

/** Milliseconds between two words: slow enough to see a stream, fast enough not to wait for it. */
const pause = 20;

/** The fields that every chunk of one answer shares. */
export interface ChunkBase {
  id: string;
  created: number;
  model: string;
}

type Delta = Record<string, unknown>;

/** An SSE body of `chat.completion.chunk` events that ends with `data: [DONE]`. */
export function sse(
  base: ChunkBase,
  choices: Choice[],
  usage: Usage | undefined,
): ReadableStream<Uint8Array> {
  const events = list(base, choices, usage);
  const encoder = new TextEncoder();
  let next = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (next > 0) await Bun.sleep(pause);
      const event = events[next++];
      if (event === undefined) controller.close();
      else controller.enqueue(encoder.encode(`data: ${event}\n\n`));
    },
  });
}

function list(base: ChunkBase, choices: Choice[], usage: Usage | undefined): string[] {
  const head = { id: base.id, object: 'chat.completion.chunk', created: base.created, model: base.model };
  // OpenAI sends `usage: null` on every chunk but the last when usage was asked for.
  const none = usage ? { usage: null } : {};
  const chunk = (index: number, delta: Delta, finish: string | null): string =>
    JSON.stringify({ ...head, choices: [{ index, delta, finish_reason: finish }], ...none });
  const events = choices.flatMap((choice) => [
    ...deltas(choice).map((delta) => chunk(choice.index, delta, null)),
    chunk(choice.index, {}, choice.finish_reason),
  ]);
  if (usage) events.push(JSON.stringify({ ...head, choices: [], usage }));
  return [...events, '[DONE]'];
}

function deltas({ message }: Choice): Delta[] {
  if (message.tool_calls) {
    return [
      {
        role: 'assistant',
        content: null,
        tool_calls: message.tool_calls.map((call, index) => ({ index, ...call })),
      },
    ];
  }
  return [
    { role: 'assistant', content: '' },
    ...words(message.content ?? '').map((content) => ({ content })),
  ];
}
