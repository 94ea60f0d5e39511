import { UsageError } from './exit.ts';

/** A line as long as this is none that somebody meant. */
const LONGEST = 65_536;

/**
 * The lines of a stream, those of one chunk together; only an unfinished line is held.
 *
 * @throws UsageError for a line that does not end
 */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    if (rest.length > LONGEST) throw new UsageError(`a line of the input is over ${LONGEST} characters`);
    yield lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield [rest];
}
