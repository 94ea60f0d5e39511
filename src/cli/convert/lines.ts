import { closeSync, openSync, readSync } from 'node:fs';

/** A line and where it is. */
export interface LogLine {
  /** Until the next line is asked for. Undefined: too long to be read. */
  readonly bytes: Buffer | undefined;
  readonly number: number;
  readonly offset: number;
  readonly length: number;
}

/** Bytes of a line that is read at most; a request may hold pictures. */
const LONGEST = 256 * 1024 * 1024;
const READ = 1024 * 1024;

/** The lines of a file, read into the same room again and again: only the room is held. Blank ones are left out. */
export function* linesOf(path: string, read = READ): Generator<LogLine> {
  const file = openSync(path, 'r');
  try {
    yield* linesIn(file, read);
  } finally {
    closeSync(file);
  }
}

function* linesIn(file: number, read: number): Generator<LogLine> {
  let room: Buffer = Buffer.allocUnsafe(2 * read);
  /** Bytes of an unfinished line at the room's start, or passed over of one that is too long. */
  let held = 0;
  let passed = 0;
  let offset = 0;
  let number = 0;
  const lineOf = (start: number, end: number): LogLine | undefined => {
    const length = passed + end - start;
    const bytes = passed > 0 ? undefined : room.subarray(start, end);
    const line = { bytes, number: ++number, offset, length };
    offset += length + 1;
    passed = 0;
    return bytes && isBlank(bytes) ? undefined : line;
  };
  for (;;) {
    const filled = held + readSync(file, room, held, read, null);
    if (filled === held) break;
    let start = 0;
    for (let end = feed(room, held, filled); end >= 0; end = feed(room, start, filled)) {
      const line = lineOf(start, end);
      if (line) yield line;
      start = end + 1;
    }
    held = filled - start;
    if (held > LONGEST) {
      passed += held;
      held = 0;
    }
    room = kept(room, start, held, read);
  }
  const last = held + passed > 0 ? lineOf(0, held) : undefined;
  if (last) yield last;
}

function feed(room: Buffer, start: number, end: number): number {
  return room.subarray(0, end).indexOf(10, start);
}

/** A room that begins with what is held, and has space for one more read. */
function kept(room: Buffer, start: number, held: number, read: number): Buffer {
  const isWide = room.length > 2 * read && held + read <= 2 * read;
  if (held + read <= room.length && !isWide) {
    // A long line grows where it is: to move it for each read would take the square of its length.
    if (start > 0) room.copyWithin(0, start, start + held);
    return room;
  }
  const larger = Buffer.allocUnsafe(Math.max(2 * read, 2 * held + read));
  room.copy(larger, 0, start, start + held);
  return larger;
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) return false;
  return true;
}
