import { createReadStream } from 'node:fs';

/** A line and where it is. */
export interface LogLine {
  /** Undefined: too long to be read. */
  readonly text: string | undefined;
  readonly number: number;
  readonly offset: number;
  readonly length: number;
}

/** Bytes of a line that is read at most; a request may hold pictures. */
const LONGEST = 256 * 1024 * 1024;
const READ = 1024 * 1024;

/** The lines of a file, those of one read together; only an unfinished one is held. Blank ones are left out. */
export async function* linesOf(path: string): AsyncGenerator<LogLine[]> {
  let held: Buffer[] = [];
  let heldLength = 0;
  let offset = 0;
  let number = 0;
  const finish = (end: Buffer, ending: number): LogLine[] => {
    const length = heldLength + end.length;
    const bytes = held.length === 0 ? end : Buffer.concat([...held, end]);
    const text = length > LONGEST ? undefined : bytes.toString();
    const line = { text, number: ++number, offset, length };
    held = [];
    heldLength = 0;
    offset += length + ending;
    return text?.trim() === '' ? [] : [line];
  };
  for await (const chunk of createReadStream(path, { highWaterMark: READ }) as AsyncIterable<Buffer>) {
    const lines: LogLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      lines.push(...finish(chunk.subarray(start, end), 1));
      start = end + 1;
    }
    if (heldLength <= LONGEST && start < chunk.length) held.push(chunk.subarray(start));
    heldLength += chunk.length - start;
    yield lines;
  }
  if (heldLength > 0) yield finish(Buffer.alloc(0), 0);
}
