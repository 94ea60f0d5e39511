import { type PieceSink, decoder } from './decode.ts';
import type { RecordedAnswer } from './happening.ts';

/** Bytes of answers that may be on their way through a decoder; what is more is done without. */
const MOST_DECODING = 64 * 1024 * 1024;

/** An answer that grows over this when it is decoded is read as far as that. */
const MOST_DECODED = 16 * 1024 * 1024;

type Then = (body: Uint8Array | undefined) => void;

/** Undoes the codings of whole answers, for sinks that read them after their end. */
export class AnswerDecoding {
  private readonly running = new Set<Promise<void>>();
  private bytes = 0;

  /** @param then - given the body, at once where nothing is to be undone; undefined when it can't be. Must not throw */
  decode(answer: RecordedAnswer | undefined, then: Then): void {
    if (answer === undefined || answer.encoding === '' || answer.encoding === 'identity')
      return then(answer?.body);
    const { length } = answer.body;
    if (this.bytes + length > MOST_DECODING) return then(undefined);
    this.bytes += length;
    const done = this.decoded(answer, then).finally(() => this.running.delete(done));
    this.running.add(done);
  }

  /** Resolves when all that was asked for until now is done. */
  async settled(): Promise<void> {
    await Promise.all(this.running);
  }

  private async decoded({ encoding, body }: RecordedAnswer, then: Then): Promise<void> {
    const result = await decoded(encoding, body);
    this.bytes -= body.length;
    then(result);
  }
}

/** @returns what could be decoded; undefined for a coding that is not known */
async function decoded(encoding: string, body: Uint8Array): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const sink: PieceSink = {
    chunk: (piece) => {
      if (length < MOST_DECODED) pieces.push(new Uint8Array(piece));
      length += piece.length;
    },
    end: () => resolve(Buffer.concat(pieces)),
  };
  const first = decoder(encoding, sink);
  if (!first) return undefined;
  first.chunk(body);
  first.end(true);
  return promise;
}
