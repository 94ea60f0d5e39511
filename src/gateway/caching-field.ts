import { CachingFinder, type Cut } from './caching-field-finder.ts';

/**
 * aifd's own field of a request body, `"caching"`: whether the cache is used. It never goes upstream. Only the body's
 * own members are meant, however they are spelled (`"c\u0061ching"`), and all of them where there are several.
 */
export interface TakenCaching {
  /** The body without it: the very same where it has none. */
  readonly bytes: Uint8Array;
  /** What the last one says; `null` says nothing. */
  readonly caching: boolean | undefined | 'invalid';
}

const plain = Buffer.from('caching');
/** Each of its letters, as an escape, begins so. */
const escape = Buffer.from('\\u006');
const SPACE = 0x20;
const nothing = new Uint8Array();

/**
 * Cuts the field out of a whole body, with one of its commas; every other byte stays. Never throws: what is no JSON
 * object stays as it is, and of one that is broken what was read before the break.
 */
export function takeCaching(bytes: Uint8Array): TakenCaching {
  // Fast path: hardly any body has it.
  if (!has(bytes, plain) && !has(bytes, escape)) return { bytes, caching: undefined };
  const finder = new CachingFinder();
  finder.scan(bytes);
  if (finder.cuts.length === 0) return { bytes, caching: undefined };
  const value = finder.valueStart < 0 ? nothing : bytes.subarray(finder.valueStart, finder.valueEnd);
  return { bytes: without(bytes, finder.cuts), caching: read(value) };
}

/** Whatever kind of `Uint8Array` it is, without making a `Buffer` of it. */
function has(bytes: Uint8Array, sought: Buffer): boolean {
  return Buffer.prototype.includes.call(bytes, sought);
}

function read(value: Uint8Array): TakenCaching['caching'] {
  // None of the words is longer.
  if (value.length > 5) return 'invalid';
  const text = String.fromCharCode(...value);
  if (text === 'null') return undefined;
  return text === 'true' || (text === 'false' ? false : 'invalid');
}

function without(bytes: Uint8Array, cuts: readonly Cut[]): Uint8Array {
  const kept: Uint8Array[] = [];
  let from = 0;
  for (const { start, end } of cuts) {
    kept.push(bytes.subarray(from, start));
    from = end;
  }
  kept.push(bytes.subarray(from));
  return Buffer.concat(kept);
}

/**
 * The same for a body too large to hold. Its length has gone out already, so the field and its comma become spaces;
 * every other byte stays, and a chunk that has none of them is passed on itself. Holds back a few kilobytes at most.
 *
 * A comma with more white space behind it than that is let go: should the field come then, and be the last, that comma
 * is one too many, and the upstream refuses the body. The field doesn't go upstream even so.
 */
export function withoutCaching(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  const blanks = new Blanks();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (let pieces: Uint8Array[] = []; pieces.length === 0;) {
          const { done, value } = await reader.read();
          pieces = done ? blanks.end() : blanks.pass(value as Uint8Array);
          for (const piece of pieces) controller.enqueue(piece);
          if (done) return controller.close();
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    // Nothing is read ahead of whoever reads.
    { highWaterMark: 0 },
  );
}

class Blanks {
  private readonly finder = new CachingFinder();
  /** A copy of the last bytes that came, not yet told to stay or to go. */
  private held: Uint8Array = nothing;
  /** Bytes that came. */
  private total = 0;

  /** @returns what may go on now, of what was held and of this chunk; nothing of it is empty */
  pass(chunk: Uint8Array): Uint8Array[] {
    const { finder, held, total } = this;
    finder.scan(chunk);
    this.total += chunk.length;
    const passing = this.blanked(chunk);
    const decided = finder.decided - total;
    if (decided < 0) {
      this.held = Buffer.concat([held.subarray(decided), passing]);
      return whole([held.subarray(0, decided)]);
    }
    // Not `slice`, which of a Buffer is no copy.
    this.held = decided < passing.length ? new Uint8Array(passing.subarray(decided)) : nothing;
    return whole([held, decided < passing.length ? passing.subarray(0, decided) : passing]);
  }

  end(): Uint8Array[] {
    return whole([this.held]);
  }

  /** Overwrites what is to go: in place where it was held, in a copy of the chunk, which may be somebody else's. */
  private blanked(chunk: Uint8Array): Uint8Array {
    const { held } = this;
    const base = this.total - chunk.length;
    let copy: Uint8Array | undefined;
    for (const { start, end } of this.finder.cuts) {
      if (start < base)
        held.fill(SPACE, held.length + start - base, Math.min(held.length, held.length + end - base));
      if (end <= base) continue;
      copy ??= new Uint8Array(chunk);
      copy.fill(SPACE, Math.max(0, start - base), end - base);
    }
    return copy ?? chunk;
  }
}

/** An empty chunk would end a chunked body. */
function whole(pieces: readonly Uint8Array[]): Uint8Array[] {
  return pieces.filter(({ length }) => length > 0);
}
