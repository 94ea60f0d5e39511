/** The thread that reads large questions: see `question-thread.ts`. */
import { readQuestion } from '../../openai/canonical.ts';
import type { FromReader, LargeQuestion, ToReader } from './question-thread.ts';

declare const self: Worker;

self.addEventListener('message', ({ data }: MessageEvent<ToReader>): void => {
  const question = questionOf(data.bytes);
  const buffers = question ? [question.canonical.buffer as ArrayBuffer] : [];
  self.postMessage({ id: data.id, question } satisfies FromReader, buffers);
});

function questionOf(bytes: Uint8Array): LargeQuestion | undefined {
  const question = readQuestion(bytes);
  // A buffer of its own: it is handed over.
  return question && { ...question, canonical: new TextEncoder().encode(question.canonical) };
}
