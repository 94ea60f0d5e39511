import { ChunkedDecoder } from '../../src/gateway/upstream/wire/chunked.ts';
import { streamedAnswer } from './samples.ts';
import type { Stage } from './stage.ts';

const coded = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

const nothing = (): void => {};

/** It decodes in place: each time the bytes are made anew, which is measured by itself. */
const decode = (buffers: readonly Buffer[]) => () => {
  const decoder = new ChunkedDecoder();
  for (const buffer of buffers) decoder.feed(Buffer.from(buffer), nothing);
  return decoder.done;
};

/** The chunked coding taken off an answer. */
export function chunked(): Stage {
  const events = streamedAnswer(50).map(coded);
  const reads = [...events, '0\r\n\r\n'].map((text) => Buffer.from(text));
  const whole = Buffer.concat(reads);
  const large = Buffer.from(`${coded('x'.repeat(64 * 1024)).repeat(16)}0\r\n\r\n`);
  return {
    cases: [
      { name: '54 buffers made', run: () => reads.map((buffer) => Buffer.from(buffer)) },
      { name: '54 events, a read each', run: decode(reads) },
      { name: '54 events in one read', run: decode([whole]) },
      { name: '1 MB made', run: () => Buffer.from(large) },
      { name: '1 MB in chunks of 64 KB', run: decode([large]) },
    ],
  };
}
