import { readAnswer } from '../chatlog/answer-line-read.ts';
import type { TextFilter } from '../chatlog/literal.ts';
import { memberOf } from '../chatlog/literal-value.ts';
import type { LogKind } from '../chatlog/names.ts';
import { requestBody } from '../chatlog/request-line-body.ts';
import { type PieceSink, decoder } from '../../openai/decode.ts';
import { type Aside, withoutBodies } from '../aside.ts';
import { AnswerDecoding } from '../decode-whole.ts';
import type { Beginning, Happening, Sink } from '../happening.ts';
import { shortId } from './print-id.ts';
import { LiveText } from './print-live.ts';
import { questionOf } from './print-question.ts';
import { SafeLines } from './print-lines.ts';
import { safeLine, safeText } from '../../text/terminal.ts';
import { spoken } from './print-spoken.ts';

/** What writes to the terminal; it must not wait. `consola/utils` has the colours, and belongs to the command line. */
export interface PrinterOptions {
  readonly write: (text: string) => void;
  /** Masks what nobody is to see, as in chat logs: a terminal's output is kept, too. Default: nothing is masked. */
  readonly filter?: TextFilter;
  /** For large bodies. Default: all are read here. */
  readonly aside?: Aside;
  /** Default: no colours. */
  readonly colors?: Colors;
}

type Color = (text: string) => string;

export interface Colors {
  readonly id: Color;
  readonly question: Color;
  readonly answer: Color;
  readonly note: Color;
}

/** A question longer than this is shown by its end. */
const MOST_ASKED = 4_000;
/** An answer longer than this is cut. */
const MOST_SAID = 100_000;
/** Characters of what may have to be masked where a text is cut. */
const MOST_MASKED = 16_384;
/** Live answers at once; further ones are shown when they are whole. */
const MOST_LIVE = 1_000;

/** An answer that is shown while it comes. */
interface Live extends PieceSink {
  /** Its text is out, also what was in a decoder still. */
  readonly shown: Promise<void>;
  /** Called then; set before its end. */
  onShown: () => void;
}

const asIs: Color = (text) => text;
const plain: Colors = { id: asIs, question: asIs, answer: asIs, note: asIs };

const kinds: Readonly<Record<string, LogKind>> = {
  chat: 'chat',
  completions: 'completion',
  responses: 'response',
};

/**
 * Shows conversations in the terminal (`PRINT_CHAT`): what the user said last, then the answer. Each line begins with a short
 * id and is whole, so that conversations that go on at once can be told apart.
 */
export class ChatPrinter implements Sink {
  private readonly colors: Colors;
  private readonly filter: TextFilter;
  private readonly live = new Map<string, Live>();
  private readonly decoding = new AnswerDecoding();
  /** Live answers that have ended, and whose text is still in a decoder. */
  private readonly ending = new Set<Promise<void>>();
  /** Lines of answers whose question is not printed yet. */
  private readonly held = new Map<string, string[]>();

  constructor(private readonly options: PrinterOptions) {
    this.colors = options.colors ?? plain;
    this.filter = options.filter ?? ((text) => text);
  }

  wantsBodies(family: string): boolean {
    return Object.hasOwn(kinds, family);
  }

  /** Shows a streamed answer while it comes; further ones than some are shown at their end. */
  answering({ id, family, method, request, contentType, encoding }: Beginning): PieceSink | undefined {
    const isShown =
      Object.hasOwn(kinds, family) && method === 'POST' && /^text\/event-stream\b/i.test(contentType);
    if (!isShown || this.live.size + this.ending.size >= MOST_LIVE || this.live.has(id)) return undefined;
    const live = this.liveOf(id, encoding);
    if (live === undefined) return undefined;
    this.live.set(id, live);
    this.ask(id, request);
    return live;
  }

  happened(happening: Happening): void {
    const { id, family, method, request } = happening;
    const kind = kinds[family];
    const live = this.live.get(id);
    this.live.delete(id);
    if (live) return this.ended(live, happening);
    if (kind === undefined || method !== 'POST') return;
    this.decoding.decode(happening.answer, (body) => {
      const { aside } = this.options;
      const isLarge = aside?.isLarge((request?.length ?? 0) + (body?.length ?? 0)) === true;
      if (isLarge && aside!.take('print', happening, body)) return;
      if (isLarge) this.whole(kind, withoutBodies(happening), undefined);
      else this.whole(kind, happening, body);
    });
  }

  /** Prints the question of a live answer. */
  showQuestion(id: string, request: Uint8Array | undefined): void {
    this.question(id, requestBody(request).fields);
  }

  /** The question of a live answer is printed, on the other thread: what was said meanwhile follows. */
  questionShown(id: string): void {
    const held = this.held.get(id);
    this.held.delete(id);
    for (const text of held ?? []) this.options.write(text);
  }

  private ask(id: string, request: Uint8Array | undefined): void {
    const { aside } = this.options;
    if (!aside?.isLarge(request?.length ?? 0)) return this.showQuestion(id, request);
    if (aside.question(id, request)) this.held.set(id, []);
    else this.line(id, this.colors.question(`> (${request!.length} bytes)`));
  }

  private whole(kind: LogKind, happening: Happening, body: Uint8Array | undefined): void {
    const { id, request, answer } = happening;
    this.showQuestion(id, request);
    if (answer && body) this.answer(id, readAnswer(kind, answer, body).plain, kind);
    this.note(happening, answer && !body ? `not shown: encoded as ${answer.encoding}` : undefined);
  }

  /** Shows what is in decoders still. */
  async close(): Promise<void> {
    await Promise.all([...this.ending, this.decoding.settled()]);
    await this.options.aside?.close();
  }

  /** @returns undefined for a coding that is not known */
  private liveOf(id: string, encoding: string): Live | undefined {
    const text = new LiveText(this.answerLines(id));
    const ended = Promise.withResolvers<void>();
    const intake = decoder(encoding, {
      chunk: (piece) => text.chunk(piece),
      end: () => {
        text.end();
        live.onShown();
        ended.resolve();
      },
    });
    const live: Live = {
      chunk: (piece) => intake!.chunk(piece),
      end: (whole) => intake!.end(whole),
      shown: ended.promise,
      onShown: () => {},
    };
    return intake && live;
  }

  private ended(live: Live, happening: Happening): void {
    live.onShown = () => this.note(happening);
    const { shown } = live;
    this.ending.add(shown);
    void shown.then(() => this.ending.delete(shown));
    live.end(happening.end === 'whole');
  }

  private question(id: string, fields: unknown): void {
    const model = memberOf(fields, 'model');
    this.line(
      id,
      this.colors.note(
        `model ${safeLine(typeof model === 'string' ? this.filter(model.slice(0, MOST_MASKED)) : '-').slice(0, 100)}`,
      ),
    );
    // Only an end of it is shown, so only that is masked: from farther before, where a key may begin.
    const asked = this.filter(questionOf(fields).slice(-MOST_ASKED - MOST_MASKED));
    const shown = asked.length > MOST_ASKED ? `…${asked.slice(-MOST_ASKED)}` : asked;
    const lines = new SafeLines((text) => this.line(id, this.colors.question(`> ${text}`)));
    lines.chunk(shown.trim());
    lines.end();
  }

  private answer(id: string, answer: unknown, kind: LogKind): void {
    const lines = this.answerLines(id);
    lines.chunk(this.filter(spoken(kind, answer).slice(0, MOST_SAID + MOST_MASKED)).slice(0, MOST_SAID));
    lines.end();
  }

  private note({ id, status, end, code, usage, durationMs }: Happening, problem?: string): void {
    const words = [String(status)];
    if (end !== 'whole') words.push(end);
    if (code !== undefined) words.push(safeLine(code));
    if (problem !== undefined) words.push(safeLine(problem).slice(0, 100));
    if (usage?.reported === true) words.push(`${usage.input ?? '?'} tokens in, ${usage.output ?? '?'} out`);
    words.push(`${(durationMs / 1000).toFixed(1)} s`);
    this.line(id, this.colors.note(words.join(', ')));
  }

  private answerLines(id: string): SafeLines {
    // Once more: what comes live is whole for the first time here.
    return new SafeLines((text) => this.line(id, this.colors.answer(this.filter(text))));
  }

  private line(id: string, text: string): void {
    const line = `${this.colors.id(safeText(shortId(id)))} ${text}\n`;
    const held = this.held.get(id);
    if (held) held.push(line);
    else this.options.write(line);
  }
}
