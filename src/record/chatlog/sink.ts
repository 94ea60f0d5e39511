import { randomUUID } from 'node:crypto';
import type { Family } from '../../openai/family.ts';
import { type Aside, withoutBodies } from '../aside.ts';
import { AnswerDecoding } from '../decode-whole.ts';
import type { Happening, Sink } from '../happening.ts';
import { answerFields, endFields, type Answer } from './answer-line.ts';
import { readAnswer } from './answer-line-read.ts';
import { type Line, type LogFormat, lineStarter } from './lines.ts';
import { fileOf, logKindOf, type LogKind } from './names.ts';
import { redaction } from './redact.ts';
import { outcomeFields, type RequestBody, requestFields } from './request-line.ts';
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
  /** For large bodies. Default: all are read here. */
  readonly aside?: Aside;
  /** Told of an exchange that could not be written. Default: nobody is. */
  readonly onProblem?: (error: unknown) => void;
}

/**
 * Writes each exchange as a request line and an answer line that `uid` joins, in the original's format. One that the model gave
 * no answer to has a request line only, as with the original: the error is in that.
 */
export class ChatLog implements Sink {
  readonly wantsAddress = true;
  private readonly start: () => Line;
  private readonly decoding = new AnswerDecoding();

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
    this.decoding.decode(happening.answer, (body, cut) =>
      this.sort(kind, cut ? cutAnswer(happening) : happening, body),
    );
  }

  async close(): Promise<void> {
    await this.decoding.settled();
    await Promise.all([this.options.aside?.close(), this.writer.close()]);
  }

  /** Large bodies go to the other thread, as long as there is room. */
  private sort(kind: LogKind, happening: Happening, body: Uint8Array | undefined): void {
    const { aside } = this.options;
    if (!aside?.isLarge((happening.request?.length ?? 0) + (body?.length ?? 0)))
      return this.log(kind, happening, body);
    if (!aside.take('log', happening, body)) this.log(kind, withoutBodies(happening), undefined);
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
    requestFields(asked, kind, questionOf(happening), happening, uid);
    if (happening.truncated) asked.addOwn('truncated', true).addOwn('bytes', happening.bytesIn);
    outcomeFields(asked, happening);
    const read = body && happening.answer ? readAnswer(kind, happening.answer, body) : undefined;
    if (read === undefined || !isAnswered(happening, read)) {
      asked.addSome('error', read?.error).addSome('answer', read?.text);
      const { answer, bytesOut } = happening;
      // It went out, and was too long to be held.
      if (!answer && bytesOut > 0) asked.addOwn('answer_truncated', true).addOwn('answer_bytes', bytesOut);
      return asked.finish();
    }
    const answered = this.start();
    answerFields(answered, kind, read, uid);
    endFields(answered, happening);
    return asked.finish() + answered.finish();
  }
}

/** The answer was too large once it was decoded. */
function cutAnswer(happening: Happening): Happening {
  return { ...happening, answer: { ...happening.answer!, whole: false } };
}

function questionOf(happening: Happening): RequestBody {
  const { form, truncated, request, json, model, stream, bytesIn } = happening;
  if (form) return { fields: form, text: undefined };
  if (!truncated) return requestBody(request, json);
  // A line without messages is none of a request to those who read the original's logs.
  const messages = [{ role: 'truncated', content: `${bytesIn} bytes` }];
  return { fields: { messages, model: model === '' ? null : model, stream }, text: undefined };
}

/** The model said something, if the client had left by then. */
function isAnswered({ status }: Happening, { plain }: Answer): boolean {
  return plain !== undefined && ((status >= 200 && status < 300) || status === 499);
}
