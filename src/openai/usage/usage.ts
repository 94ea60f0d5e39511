import { formOf } from '../family.ts';
import { decoder } from '../decode.ts';
import type { PieceSink } from '../decode.ts';
import { JsonUsage } from './usage-json.ts';
import { nothingFound } from './usage-counts.ts';
import type { Found } from './usage-counts.ts';
import { StreamUsage } from './usage-stream.ts';

/** What is read of a response's head. */
export interface ResponseFields {
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What an answer cost, in tokens. */
export interface Usage extends Found {
  /** The answer came to its true end, and could be read. */
  readonly complete: boolean;
}

/** Reads one kind of decoded body. */
interface Reader {
  chunk(piece: Uint8Array): void;
  /** @param whole - nothing of the body is missing */
  finish(whole: boolean): Found;
}

/**
 * Reads what an answer cost from its body as it passes: from its own `usage`, else from what came of it. Holds at most
 * 1 MiB of a JSON answer and one event of a stream (and what waits for a decoder).
 */
export class UsageReader {
  private readonly body: PieceSink | undefined;
  /** It is of a kind that may hold usage. */
  private readonly readable: boolean;
  private readonly reader: Reader | undefined;

  /** @param done - called once, after the body's end: within `end`, or later where a coding had to be undone */
  constructor(
    head: ResponseFields,
    private readonly done: (usage: Usage) => void,
  ) {
    const reader = (this.reader = readerOf(field(head, 'content-type')));
    // What nobody reads needs no decoder.
    this.body = reader ? decoder(field(head, 'content-encoding'), tell(reader, done)) : undefined;
    this.readable = reader !== undefined;
  }

  /** The answer is a stream of events. */
  get streamed(): boolean {
    const { reader } = this;
    return reader instanceof StreamUsage || (reader instanceof GuessedUsage && reader.streamed);
  }

  chunk(piece: Uint8Array): void {
    this.body?.chunk(piece);
  }

  /** @param failure - why the body is not complete; undefined when it is */
  end(failure: unknown): void {
    const whole = failure === undefined;
    if (this.body) this.body.end(whole);
    else this.done({ ...nothingFound, complete: whole && !this.readable });
  }
}

function tell(reader: Reader, done: (usage: Usage) => void): PieceSink {
  return {
    chunk: (piece) => reader.chunk(piece),
    end: (whole) => done({ ...reader.finish(whole), complete: whole }),
  };
}

/** Types of bytes that are no text: sounds, images, files. */
export const media =
  /^\s*(?:audio|video|image|font|multipart)\/|^\s*application\/(?:octet-stream|pdf|zip|gzip)/i;

/** A reader for a media type; undefined for what holds no usage. */
function readerOf(contentType: string | null): Reader | undefined {
  const form = formOf(contentType ?? '');
  // Some servers call a plain JSON answer a stream.
  if (form === 'stream') return new GuessedUsage(true);
  if (form === 'json') return new JsonUsage();
  return media.test(contentType ?? '') ? undefined : new GuessedUsage();
}

const white: ReadonlySet<number> = new Set(Buffer.from(' \t\r\n\ufeff'));
const [BRACE, BRACKET] = Buffer.from('{[');

/** Reads JSON or a stream of events by its first byte, whatever it says it is. */
class GuessedUsage implements Reader {
  private reader: Reader | undefined;

  /** @param isStream - what it says it is, while nothing came */
  constructor(private readonly isStream = false) {}

  get streamed(): boolean {
    return this.reader ? this.reader instanceof StreamUsage : this.isStream;
  }

  chunk(piece: Uint8Array): void {
    this.reader ??= guess(piece);
    this.reader?.chunk(piece);
  }

  finish(whole: boolean): Found {
    return this.reader?.finish(whole) ?? nothingFound;
  }
}

/** @returns undefined for a piece that is empty or white space */
function guess(piece: Uint8Array): Reader | undefined {
  const first = piece.find((byte) => !white.has(byte));
  if (first === undefined) return undefined;
  return first === BRACE || first === BRACKET ? new JsonUsage() : new StreamUsage();
}

/** The values of a header, joined as RFC 9110 §5.2 says; null when there is none. */
function field(head: ResponseFields, wanted: string): string | null {
  let joined: string | null = null;
  for (const [name, value] of head.headers) {
    if (name.length !== wanted.length || name.toLowerCase() !== wanted) continue;
    joined = joined === null ? value : `${joined}, ${value}`;
  }
  return joined;
}
