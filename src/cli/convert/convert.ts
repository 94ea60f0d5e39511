import { closeSync, openSync, readSync } from 'node:fs';
import { type Half, conversation, halfOf } from './conversation.ts';
import type { ChatLogFiles } from './files.ts';
import { linesOf, type LogLine } from './lines.ts';
import { Pairing, type Unpaired } from './pairing.ts';
import type { Place } from './spill.ts';

/** What takes the text of the array. */
export interface TextSink {
  write(text: string): void;
  /** Returns when there is room for more. */
  flush(): Promise<void>;
}

export interface Converting {
  /** All that the log has, not only what the original's `convert` gives. */
  readonly full: boolean;
  /** Told how many bytes of the logs have been read, one read after the other. */
  readonly onRead: (bytes: number) => void;
  /** Told of a line that can't be read. */
  readonly onBroken: (file: string, line: number, why: string) => void;
  /** Characters that may wait for their other half. */
  readonly mostWaiting?: number;
}

export interface Converted extends Unpaired {
  readonly conversations: number;
  readonly broken: number;
}

/** Writes the conversations of one chat log as a JSON array; holds no more than what waits for its other half. */
export async function convert(log: ChatLogFiles, out: TextSink, converting: Converting): Promise<Converted> {
  let conversations = 0;
  let broken = 0;
  const emit = (request: Half, answer: Half): void => {
    out.write(`${conversations++ === 0 ? '[\n' : ',\n'}${conversation(request, answer)}`);
  };
  const again = (place: Place): Half => halfOf(textAt(log.files[place.file]!, place), converting.full);
  const pairing = new Pairing(emit, again, converting.mostWaiting);
  try {
    for (const [file, path] of log.files.entries()) {
      for await (const lines of linesOf(path)) {
        for (const line of lines) {
          const half = readLine(line, converting.full);
          if (typeof half !== 'string') pairing.add(half, { file, offset: line.offset, length: line.length });
          else converting.onBroken(path, line.number, half);
          if (typeof half === 'string') broken++;
          converting.onRead(line.length + 1);
        }
        await out.flush();
      }
    }
    const unpaired = await pairing.finish(() => out.flush());
    out.write(conversations === 0 ? '[]' : '\n]');
    await out.flush();
    return { ...unpaired, conversations, broken };
  } finally {
    pairing.close();
  }
}

/** @returns what is wrong with it, when it can't be read */
function readLine({ text }: LogLine, full: boolean): Half | string {
  if (text === undefined) return 'it is too long';
  try {
    return halfOf(text, full);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function textAt(path: string, { offset, length }: Place): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, offset);
    return bytes.toString();
  } finally {
    closeSync(file);
  }
}
