import { type FileHandle, open } from 'node:fs/promises';

const BLOCK = 1_048_576;
const LINE_FEED = 0x0a;

/** Opens a file that rotation may take away at any time. @returns undefined when it is gone */
export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The lines of a file from byte `start` on, those of a block together; only an unfinished line is held.
 *
 * @returns where the last whole line ended; `isEnded` takes what comes after as a line too
 */
export async function* linesForward(
  file: FileHandle,
  start: number,
  isEnded: boolean,
): AsyncGenerator<string[], number> {
  const room = Buffer.allocUnsafe(BLOCK);
  let held: Buffer[] = [];
  let position = start;
  let end = start;
  for (;;) {
    const { bytesRead } = await file.read(room, 0, BLOCK, position);
    if (bytesRead === 0) break;
    const block = room.subarray(0, bytesRead);
    const last = block.lastIndexOf(LINE_FEED);
    if (last < 0) held.push(Buffer.from(block));
    else {
      const text = Buffer.concat([...held, block.subarray(0, last)]).toString();
      held = [Buffer.from(block.subarray(last + 1))];
      end = position + last + 1;
      yield text.split('\n');
    }
    position += bytesRead;
  }
  const rest = Buffer.concat(held);
  if (!isEnded || rest.length === 0) return end;
  yield [rest.toString()];
  return position;
}

/** The lines of a file that end before byte `end`, the last first. */
export async function* linesBackward(file: FileHandle, end: number): AsyncGenerator<string> {
  let held: Buffer[] = [];
  for (let position = end; position > 0;) {
    const length = Math.min(BLOCK, position);
    position -= length;
    const room = Buffer.allocUnsafe(length);
    const { bytesRead } = await file.read(room, 0, length, position);
    const block = room.subarray(0, bytesRead);
    let right = block.length;
    for (
      let at = block.lastIndexOf(LINE_FEED);
      at >= 0;
      at = at === 0 ? -1 : block.lastIndexOf(LINE_FEED, at - 1)
    ) {
      yield Buffer.concat([block.subarray(at + 1, right), ...held.toReversed()]).toString();
      held = [];
      right = at;
    }
    held.push(Buffer.from(block.subarray(0, right)));
  }
  if (held.length > 0) yield Buffer.concat(held.toReversed()).toString();
}
