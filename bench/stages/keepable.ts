import { keepable as isKeepable } from '../../src/openai/keepable.ts';
import { plainAnswer, streamedAnswer } from './samples.ts';
import type { Stage } from './stage.ts';

const numbers = Array.from({ length: 1536 }, (_, i) => Math.sin(i));
const embedding = JSON.stringify({ object: 'list', data: [{ index: 0, embedding: numbers }], model: 'e' });

const stream = (pieces: number): Buffer => Buffer.from(streamedAnswer(pieces).join(''));

/** Whether an answer is whole, and may be kept. */
export function keepable(): Stage {
  const plain = Buffer.from(plainAnswer);
  const vector = Buffer.from(embedding);
  const [short, long] = [stream(50), stream(1000)];
  return {
    cases: [
      { name: 'a plain chat', run: () => isKeepable('chat', 'application/json', plain) },
      { name: 'a stream of 54 events', run: () => isKeepable('chat', 'text/event-stream', short) },
      { name: 'a stream of 1,004 events', run: () => isKeepable('chat', 'text/event-stream', long) },
      {
        name: 'an embedding of 1,536 numbers',
        run: () => isKeepable('embeddings', 'application/json', vector),
      },
    ],
  };
}
