import { decodeBytes } from '../openai/decode.ts';
import type { RecordedAnswer } from './happening.ts';

/** Bytes of answers that may wait for a decoder; further ones are not decoded. */
const MOST_DECODING = 64 * 1024 * 1024;

/** Decoded bytes of one answer that sinks read: as many as are held of an answer without a coding. */
const MOST_DECODED = 8 * 1024 * 1024;

/** @param cut - the body is too large, and only its beginning is here */
type Then = (body: Uint8Array | undefined, cut: boolean) => void;

/** Decodes whole answers, for sinks that read them after their end. */
export class AnswerDecoding {
  private readonly running = new Set<Promise<void>>();
  private bytes = 0;

  /** @param then - given the body, at once where it has no coding; undefined when it can't be decoded. Must not throw */
  decode(answer: RecordedAnswer | undefined, then: Then): void {
    if (answer === undefined || answer.encoding === '' || answer.encoding === 'identity')
      return then(answer?.body, false);
    const { length } = answer.body;
    if (this.bytes + length > MOST_DECODING) return then(undefined, false);
    this.bytes += length;
    const done = this.decoded(answer, then).finally(() => this.running.delete(done));
    this.running.add(done);
  }

  /** Resolves when all that was asked for until now is done. */
  async settled(): Promise<void> {
    await Promise.all(this.running);
  }

  private async decoded({ encoding, body }: RecordedAnswer, then: Then): Promise<void> {
    const { bytes, problem } = await decodeBytes(encoding, body, MOST_DECODED);
    this.bytes -= body.length;
    then(problem === 'unknown coding' ? undefined : bytes, problem === 'too large');
  }
}
