import { randomUUID } from 'node:crypto';
import type { Family } from '../../cache/replay/family.ts';
import { type BodySink, decoder } from '../decode.ts';
import type { Happening, RecordedAnswer, Sink } from '../happening.ts';
import { answerFields, endFields, type Answer } from './answer-line.ts';
import { readAnswer } from './answer-line-read.ts';
import { type Line, type LogFormat, lineStarter } from './lines.ts';
import { fileOf, logKindOf, type LogKind } from './names.ts';
import { redaction } from './redact.ts';
import { outcomeFields, requestFields } from './request-line.ts';
import { requestBody } from './request-line-body.ts';

/** What appends to files, in the order it is told. */
export interface LineWriter {
  /** @param file - under the folder of all logs: `openai/chat/chat.log`. @param lines - whole, each with its line feed */
  write(file: string, lines: string): void;
  /** Returns when all is written. */
  close(): Promise<void>;
}

export interface ChatLogOptions {
  readonly format: LogFormat;
  /** Keys of the configuration, all of them: they are masked. */
  readonly keys: readonly string[];
  /** `LOG_REDACT`. */
  readonly redact: readonly RegExp[];
  /** Told of an exchange that could not be written. Default: nobody is. */
  readonly onProblem?: (error: unknown) => void;
}

/** Bytes of answers that may be on their way through a decoder; what is more is written without. */
const MOST_DECODING = 64 * 1024 * 1024;

/** An answer that grows over this when it is decoded is written as far as that. */
const MOST_DECODED = 16 * 1024 * 1024;

/**
 * Writes each exchange as a request line and an answer line that `uid` joins, in the original's format. One that the model gave
 * no answer to has a request line only, as with the original: the error is in that.
 */
export class ChatLog implements Sink {
  private readonly start: () => Line;
  private readonly decoding = new Set<Promise<void>>();
  private decodingBytes = 0;

  constructor(
    private readonly writer: LineWriter,
    private readonly options: ChatLogOptions,
  ) {
    this.start = lineStarter(options.format, redaction(options.keys, options.redact));
  }

  wantsBodies(family: Family | 'audio'): boolean {
    return family !== 'other';
  }

  happened(happening: Happening): void {
    const kind = logKindOf(happening);
    // Refused before a target was found: there is no log it belongs in.
    if (kind === undefined || happening.prefix === '') return;
    const { answer } = happening;
    if (answer === undefined || answer.encoding === '' || answer.encoding === 'identity')
      return this.log(kind, happening, answer?.body);
    if (this.decodingBytes + answer.body.length > MOST_DECODING) return this.log(kind, happening, undefined);
    this.decodingBytes += answer.body.length;
    const logged = this.logDecoded(kind, happening, answer).finally(() => this.decoding.delete(logged));
    this.decoding.add(logged);
  }

  async close(): Promise<void> {
    await Promise.all(this.decoding);
    await this.writer.close();
  }

  private async logDecoded(kind: LogKind, happening: Happening, answer: RecordedAnswer): Promise<void> {
    const body = await decoded(answer.encoding, answer.body);
    this.decodingBytes -= answer.body.length;
    this.log(kind, happening, body);
  }

  private log(kind: LogKind, happening: Happening, body: Uint8Array | undefined): void {
    try {
      this.writer.write(fileOf(happening.prefix, kind), this.lines(kind, happening, body));
    } catch (error) {
      this.options.onProblem?.(error);
    }
  }

  private lines(kind: LogKind, happening: Happening, body: Uint8Array | undefined): string {
    const uid = randomUUID().replaceAll('-', '');
    const asked = this.start();
    requestFields(asked, kind, requestBody(happening.request), happening, uid);
    outcomeFields(asked, happening);
    const read = body && happening.answer ? readAnswer(kind, happening.answer, body) : undefined;
    if (read === undefined || !isAnswered(happening, read)) {
      asked.addSome('error', read?.error).addSome('answer', read?.text);
      return asked.finish();
    }
    const answered = this.start();
    answerFields(answered, kind, read, uid);
    endFields(answered, happening);
    return asked.finish() + answered.finish();
  }
}

/** The model said something, if the client had left by then. */
function isAnswered({ status }: Happening, { plain }: Answer): boolean {
  return plain !== undefined && ((status >= 200 && status < 300) || status === 499);
}

/** @returns what could be decoded; undefined for a coding that is not known */
async function decoded(encoding: string, body: Uint8Array): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  const sink: BodySink = {
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
