import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib';
import type { Transform } from 'node:stream';

/** Takes a body in pieces. Must not keep the views it is given. */
export interface PieceSink {
  chunk(piece: Uint8Array): void;
  /** Called once. `whole` is false when bytes are missing, could not be decoded, or were too many. */
  end(whole: boolean): void;
}

/** Bytes that may wait for a decoder: it runs on another thread, and nothing here can hold the upstream back. */
const MOST_WAITING = 4 * 1024 * 1024;

/** Codings one body may have: each needs a decoder. */
const MOST_CODINGS = 3;

/** Decoded bytes of one passing body. */
const MOST_DECODED = 64 * 1024 * 1024;

/** A body may grow by this factor. gzip reaches 1,000, brotli 1,000,000; text of models stays under 50. */
const MOST_GROWTH = 200;

/** Decoded bytes below which the factor does not matter. */
const FREE_GROWTH = 4 * 1024 * 1024;

/** A body up to this many bytes is decoded in one step, if no more than `SMALL_DECODED` bytes come out: under 1 ms. */
const SMALL = 16 * 1024;
const SMALL_DECODED = 256 * 1024;

/** Bodies that {@link decodeBytes} decodes at the same time; others wait. */
const MOST_AT_ONCE = 4;

interface Coding {
  open(first: number): Transform;
  /** Decodes in one step. @throws also when more than `maxOutputLength` bytes come out */
  sync(bytes: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
}

/** Memory of one step, and the longest time without a turn of the event loop. */
const step = { chunkSize: 64 * 1024 };

const gzip: Coding = { open: () => createGunzip(step), sync: gunzipSync };

/** By RFC 9110 §8.4.1.2 `deflate` is zlib's format; some servers send it bare, and zlib's first byte ends in 8. */
const isZlib = (first: number): boolean => (first & 0x0f) === 8;

const codings: ReadonlyMap<string, Coding> = new Map<string, Coding>([
  ['gzip', gzip],
  ['x-gzip', gzip],
  [
    'deflate',
    {
      open: (first) => (isZlib(first) ? createInflate(step) : createInflateRaw(step)),
      sync: (bytes, options) => (isZlib(bytes[0]!) ? inflateSync : inflateRawSync)(bytes, options),
    },
  ],
  ['br', { open: () => createBrotliDecompress(step), sync: brotliDecompressSync }],
  // The runtime does not tell when a zstd body is cut short.
  ['zstd', { open: () => createZstdDecompress(step), sync: zstdDecompressSync }],
]);

/** The codings that a `Content-Encoding` names, in the order they were applied; undefined when one is not known. */
function codingsIn(encoding: string | null): Coding[] | undefined {
  const known: Coding[] = [];
  for (const part of (encoding ?? '').split(',', 32)) {
    const name = part.trim().toLowerCase();
    if (name === '' || name === 'identity') continue;
    const coding = codings.get(name);
    if (!coding || known.push(coding) > MOST_CODINGS) return undefined;
  }
  return known;
}

/**
 * Decodes a body as it passes, for those who read it; the client's bytes stay as they are. Bytes that can't be decoded, or
 * grow beyond 64 MiB or by more than a factor of 200, end it with `whole` false. The sink's `end` comes after the decoder has given all, so
 * later than ours.
 * @param encoding - the `Content-Encoding`; none, and `identity`, give the sink itself
 * @param most - decoded bytes, at most
 * @returns undefined for a coding that is not known
 */
export function decoder(
  encoding: string | null,
  sink: PieceSink,
  most = MOST_DECODED,
): PieceSink | undefined {
  return chained(codingsIn(encoding), sink, new Bounds(most), false);
}

/** What {@link decodeBytes} made of a body. */
export interface Decoded {
  /** The body; with a problem, the part that could be decoded (`too large`: up to the bound). */
  readonly bytes: Uint8Array;
  /** `broken`: damaged or cut short; but the runtime does not tell when zstd is cut short. */
  readonly problem: 'too large' | 'broken' | 'unknown coding' | undefined;
}

/**
 * Decodes a whole body (gzip, deflate, br, zstd, and up to three of them) within bounds, in steps under 10 ms.
 * @param encoding - the `Content-Encoding`
 * @param bytes - must not change meanwhile
 * @param most - decoded bytes, at most; a growth by more than a factor of 200 beyond 4 MiB is `too large`, too
 */
export async function decodeBytes(
  encoding: string | null,
  bytes: Uint8Array,
  most: number,
): Promise<Decoded> {
  const applied = codingsIn(encoding);
  if (!applied) return { bytes: nothing, problem: 'unknown coding' };
  if (applied.length === 0) return cutAt(bytes, most);
  const small = applied.length === 1 ? decodeSmall(applied[0]!, bytes) : undefined;
  if (small) return cutAt(small, most);
  await places.take();
  try {
    return await decodeInSteps(applied, bytes, most);
  } finally {
    places.free();
  }
}

const nothing = new Uint8Array();

function cutAt(bytes: Uint8Array, most: number): Decoded {
  if (bytes.length <= most) return { bytes, problem: undefined };
  return { bytes: bytes.subarray(0, most), problem: 'too large' };
}

/** @returns undefined when it needs more than one step, or fails */
function decodeSmall(coding: Coding, bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length > SMALL) return undefined;
  if (bytes.length === 0) return nothing;
  try {
    return coding.sync(bytes, { maxOutputLength: SMALL_DECODED });
  } catch {
    return undefined;
  }
}

function decodeInSteps(applied: readonly Coding[], bytes: Uint8Array, most: number): Promise<Decoded> {
  const { promise, resolve } = Promise.withResolvers<Decoded>();
  const pieces: Uint8Array[] = [];
  let length = 0;
  const bounds = new Bounds(most);
  const sink: PieceSink = {
    chunk: (piece) => {
      if (length < most) pieces.push(new Uint8Array(piece.subarray(0, most - length)));
      length += piece.length;
    },
    end: (whole) => {
      const problem = bounds.exceeded ? 'too large' : whole ? undefined : 'broken';
      resolve({ bytes: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces), problem });
    },
  };
  const first = chained(applied, sink, bounds, true)!;
  first.chunk(bytes);
  first.end(true);
  return promise;
}

/** A decoder for each coding, last applied first. @param isKept - the body is held by the caller: no copies, and all may wait */
function chained(
  applied: readonly Coding[] | undefined,
  sink: PieceSink,
  bounds: Bounds,
  isKept: boolean,
): PieceSink | undefined {
  let first: PieceSink | undefined = applied && sink;
  for (const [index, coding] of (applied ?? []).entries()) {
    const isFirst = index === applied!.length - 1;
    first = new Decoder(coding, first!, bounds, isFirst, isFirst && isKept);
  }
  return first;
}

/** How much may come out of the decoders of one body. */
class Bounds {
  exceeded = false;
  /** Encoded bytes that came. */
  before = 0;

  constructor(private readonly most: number) {}

  /** @param after - bytes that came out of one decoder */
  allow(after: number): boolean {
    const most = Math.min(this.most, Math.max(FREE_GROWTH, this.before * MOST_GROWTH));
    if (after > most) this.exceeded = true;
    return !this.exceeded;
  }
}

/** Undoes one coding. node:zlib works on another thread, so the output comes later. */
class Decoder implements PieceSink {
  private stream: Transform | undefined;
  private broken = false;
  private ended = false;
  private told = false;
  private whole = true;
  private after = 0;

  constructor(
    private readonly coding: Coding,
    private readonly sink: PieceSink,
    private readonly bounds: Bounds,
    private readonly isFirst: boolean,
    private readonly isKept: boolean,
  ) {}

  chunk(piece: Uint8Array): void {
    if (this.broken || this.ended || piece.length === 0) return;
    this.stream ??= this.start(piece[0]!);
    if (this.isFirst) this.bounds.before += piece.length;
    if (this.isKept) this.stream.write(piece);
    else if (this.stream.writableLength + piece.length > MOST_WAITING) this.fail();
    // A copy: the piece is a view that may change before its turn comes.
    else this.stream.write(Buffer.from(piece));
  }

  end(whole: boolean): void {
    if (this.ended) return;
    this.ended = true;
    this.whole = whole;
    if (this.stream && !this.broken) this.stream.end();
    else this.tell();
  }

  private start(first: number): Transform {
    const stream = this.coding.open(first);
    stream.on('data', (piece: Uint8Array) => this.decoded(piece));
    stream.on('end', () => this.tell());
    stream.on('error', () => this.fail());
    stream.on('close', () => this.fail());
    return stream;
  }

  private decoded(piece: Uint8Array): void {
    if (this.broken) return;
    this.after += piece.length;
    const isAllowed = this.bounds.allow(this.after);
    this.sink.chunk(piece);
    if (!isAllowed) return this.fail();
    // A decoder behind this one that is slower holds it back.
    const next = this.sink instanceof Decoder ? this.sink.stream : undefined;
    if (next === undefined || next.writableLength < MOST_WAITING / 4) return;
    const resume = (): void => {
      next.off('drain', resume).off('close', resume);
      this.stream!.resume();
    };
    this.stream!.pause();
    next.on('drain', resume).on('close', resume);
  }

  private fail(): void {
    if (this.broken || this.told) return;
    this.broken = true;
    this.stream?.destroy();
    if (this.ended) this.tell();
  }

  private tell(): void {
    // The decoder may think it is done before the body is: what comes after its end is nothing to it.
    if (this.told || !this.ended) return;
    this.told = true;
    this.sink.end(this.whole && !this.broken);
  }
}

/** Places for decoders; the next one in line gets a place that is freed. */
class Places {
  private taken = 0;
  private readonly line: (() => void)[] = [];

  async take(): Promise<void> {
    if (this.taken < MOST_AT_ONCE) this.taken++;
    else await new Promise<void>((resolve) => this.line.push(resolve));
  }

  free(): void {
    const next = this.line.shift();
    if (next) next();
    else this.taken--;
  }
}

const places = new Places();
