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

/** Bytes that are searched in one turn of the event loop: 1 to 2 ms, whatever they are. */
const SLICE = 128 * 1024;

/** Cuts in a large body: to join more pieces would take too long, and nobody writes the field so often. */
const MOST_CUTS = 10_000;

/**
 * Cuts the field out of a whole body, with one of its commas; every other byte stays. Never throws: what is no JSON
 * object stays as it is, and of one that is broken what was read before the break.
 * @returns a promise for a large body that may have it: that is searched in slices
 */
export function takeCaching(bytes: Uint8Array): TakenCaching | Promise<TakenCaching> {
  // Fast path: hardly any body has it.
  if (!has(bytes, plain) && !has(bytes, escape)) return { bytes, caching: undefined };
  const finder = new CachingFinder();
  if (bytes.length > SLICE) return takeInSlices(bytes, finder);
  finder.scan(bytes);
  return taken(bytes, finder, finder.cuts);
}

async function takeInSlices(bytes: Uint8Array, finder: CachingFinder): Promise<TakenCaching> {
  const cuts: Cut[] = [];
  for (let at = 0; at < bytes.length && !finder.done; at += SLICE) {
    if (at > 0) await turn();
    finder.scan(bytes.subarray(at, at + SLICE));
    for (const cut of finder.cuts) cuts.push(cut);
    if (cuts.length > MOST_CUTS) return { bytes, caching: 'invalid' };
  }
  return taken(bytes, finder, cuts);
}

/** Lets others have their turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function taken(bytes: Uint8Array, finder: CachingFinder, cuts: readonly Cut[]): TakenCaching {
  if (cuts.length === 0) return { bytes, caching: undefined };
  const value = finder.valueStart < 0 ? nothing : bytes.subarray(finder.valueStart, finder.valueEnd);
  return { bytes: without(bytes, cuts), caching: read(value) };
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
  /** Of a chunk that is too long for one turn: the runtime gives a body in one that has arrived. */
  let rest: Uint8Array = nothing;
  let sinceTurn = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (let pieces: Uint8Array[] = []; pieces.length === 0;) {
          if (rest.length === 0) {
            const { done, value } = await reader.read();
            if (done) {
              for (const piece of blanks.end()) controller.enqueue(piece);
              return controller.close();
            }
            rest = value as Uint8Array;
          }
          if (sinceTurn > SLICE) {
            sinceTurn = 0;
            await turn();
          }
          const slice = rest.length > SLICE ? rest.subarray(0, SLICE) : rest;
          rest = rest.subarray(slice.length);
          sinceTurn += slice.length;
          pieces = blanks.pass(slice);
          for (const piece of pieces) controller.enqueue(piece);
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
