import { EventSplitter } from '../../src/openai/sse.ts';
import { UsageReader } from '../../src/openai/usage/usage.ts';
import { headOf, plainAnswer, streamedAnswer } from './samples.ts';
import type { Stage } from './stage.ts';

const nothing = (): void => {};

const splitting = (buffers: readonly Buffer[]) => () => {
  const splitter = new EventSplitter();
  for (const buffer of buffers) splitter.feed(buffer, nothing);
  return splitter.rest();
};

const reading = (contentType: string, buffers: readonly Buffer[]) => {
  const head = headOf(contentType);
  return () => {
    const reader = new UsageReader(head, nothing);
    for (const buffer of buffers) reader.chunk(buffer);
    reader.end(undefined);
  };
};

/** What looks on as an answer passes: its events told apart, what it cost read. */
export function usage(): Stage {
  const reads = streamedAnswer(50).map((event) => Buffer.from(event));
  const whole = Buffer.concat(reads);
  const plain = Buffer.from(plainAnswer);
  return {
    cases: [
      { name: '54 events told apart, a read each', run: splitting(reads) },
      { name: '54 events told apart, one read', run: splitting([whole]) },
      { name: 'usage of 54 events, a read each', run: reading('text/event-stream', reads) },
      { name: 'usage of 54 events, one read', run: reading('text/event-stream', [whole]) },
      { name: 'usage of a plain answer', run: reading('application/json', [plain]) },
    ],
  };
}
