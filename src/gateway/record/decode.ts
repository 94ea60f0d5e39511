import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import type { Transform } from 'node:stream';

/** What takes a body in pieces. Must not keep the views it is given. */
export interface PieceSink {
  chunk(piece: Uint8Array): void;
  /** Called once. `whole` is false when bytes are missing, or could not be decoded. */
  end(whole: boolean): void;
}

/** Bytes that may wait for a decoder: it runs beside us, and nothing here can hold the upstream back. */
const MOST_WAITING = 4 * 1024 * 1024;

/** Codings one body may have: each has a decoder of its own. */
const MOST_CODINGS = 3;

type Open = (first: number) => Transform;

const codings: ReadonlyMap<string, Open> = new Map<string, Open>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  // By RFC 9110 §8.4.1.2 it is zlib's format; some servers send it bare, and zlib's first byte ends in 8.
  ['deflate', (first) => ((first & 0x0f) === 8 ? createInflate() : createInflateRaw())],
  ['br', () => createBrotliDecompress()],
  ['zstd', () => createZstdDecompress()],
]);

/**
 * Decodes a body for those who look at it; the client's bytes are not touched, whatever happens here. Bytes that can't
 * be decoded end it with `whole` false. The sink's `end` comes after the decoder has given all, so later than ours.
 * @param encoding - the `Content-Encoding`; none, and `identity`, give the sink itself
 * @returns undefined for a coding that is not known
 */
export function decoder(encoding: string | null, sink: PieceSink): PieceSink | undefined {
  const names = (encoding ?? '').split(',').map((name) => name.trim().toLowerCase());
  const applied = names.filter((name) => name !== '' && name !== 'identity');
  if (applied.length > MOST_CODINGS) return undefined;
  let first = sink;
  // They are listed in the order they were applied: the last is undone first.
  for (const name of applied) {
    const open = codings.get(name);
    if (!open) return undefined;
    first = new Decoder(open, first);
  }
  return first;
}

/** One coding undone. node:zlib works on another thread: what comes out comes later. */
class Decoder implements PieceSink {
  private stream: Transform | undefined;
  private broken = false;
  private ended = false;
  private told = false;
  private whole = true;

  constructor(
    private readonly open: Open,
    private readonly sink: PieceSink,
  ) {}

  chunk(piece: Uint8Array): void {
    if (this.broken || this.ended || piece.length === 0) return;
    this.stream ??= this.start(piece[0]!);
    if (this.stream.writableLength + piece.length > MOST_WAITING) this.fail();
    // A copy: the piece is another's, and may be gone when its turn comes.
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
    const stream = this.open(first);
    stream.on('data', (piece: Uint8Array) => {
      if (!this.broken) this.sink.chunk(piece);
    });
    stream.on('end', () => this.tell());
    stream.on('error', () => this.fail());
    stream.on('close', () => this.fail());
    return stream;
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
