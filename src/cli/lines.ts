import { UsageError } from './exit.ts';

/** Longest line, characters: a chat log's may hold images. */
const LONGEST = 64 * 1024 * 1024;

/**
 * The lines of a stream, those of one chunk together; only an unfinished line is held.
 *
 * @throws UsageError for a line that does not end
 */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  // Joined when the line has its end: to join each piece to the last would take time in the square of its length.
  let rest: string[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const text = decoder.decode(chunk, { stream: true });
    const end = text.lastIndexOf('\n');
    const before = end < 0 ? undefined : [...rest, text.slice(0, end)].join('');
    if (before !== undefined) rest = [];
    rest.push(text.slice(end + 1));
    length = (before === undefined ? length : 0) + text.length - end - 1;
    if (length > LONGEST) throw new UsageError(`a line of the input is over ${LONGEST} characters`);
    if (before !== undefined) yield before.split('\n');
  }
  rest.push(decoder.decode());
  const last = rest.join('');
  if (last !== '') yield [last];
}
