import { readAnswer } from './chatlog/answer-line-read.ts';
import type { TextFilter } from './chatlog/literal.ts';
import { memberOf } from './chatlog/literal-value.ts';
import type { LogKind } from './chatlog/names.ts';
import { requestBody } from './chatlog/request-line-body.ts';
import type { Beginning, Happening, Sink } from './happening.ts';
import { LiveText } from './print-live.ts';
import { answerOf, questionOf } from './print-question.ts';
import { SafeLines } from './print-lines.ts';
import { safeLine, safeText } from './print-safe.ts';

/** What writes to the terminal; it must not wait. `consola/utils` has the colours, and belongs to the command line. */
export interface PrinterOptions {
  readonly write: (text: string) => void;
  /** Masks what nobody is to see, as in chat logs: a terminal's output is kept, too. Default: nothing is masked. */
  readonly filter?: TextFilter;
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
/** Live answers at once; further ones are shown when they are whole. */
const MOST_LIVE = 1_000;
const SHORT_ID = 6;

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
  private readonly live = new Map<string, LiveText>();

  constructor(private readonly options: PrinterOptions) {
    this.colors = options.colors ?? plain;
    this.filter = options.filter ?? ((text) => text);
  }

  wantsBodies(family: string): boolean {
    return Object.hasOwn(kinds, family);
  }

  /** Shows a streamed answer while it comes; further ones than some are shown at their end. */
  answering({ id, family, method, request, contentType, encoding }: Beginning): LiveText | undefined {
    const isShown =
      Object.hasOwn(kinds, family) && method === 'POST' && /^text\/event-stream\b/i.test(contentType);
    if (!isShown || !['', 'identity'].includes(encoding)) return undefined;
    if (this.live.size >= MOST_LIVE || this.live.has(id)) return undefined;
    this.question(id, requestBody(request).fields);
    const text = new LiveText(this.answerLines(id));
    this.live.set(id, text);
    return text;
  }

  happened(happening: Happening): void {
    const { id, family, method, request } = happening;
    const kind = kinds[family];
    const live = this.live.get(id);
    this.live.delete(id);
    if (kind === undefined || method !== 'POST') return live?.end();
    if (live === undefined) {
      this.question(id, requestBody(request).fields);
      this.answer(kind, happening);
    } else live.end();
    this.note(happening);
  }

  private question(id: string, fields: unknown): void {
    const model = memberOf(fields, 'model');
    this.line(
      id,
      this.colors.note(
        `model ${safeLine(typeof model === 'string' ? this.filter(model) : '-').slice(0, 100)}`,
      ),
    );
    const asked = this.filter(questionOf(fields));
    const shown = asked.length > MOST_ASKED ? `…${asked.slice(-MOST_ASKED)}` : asked;
    this.whole(shown.trim(), (text) => this.line(id, this.colors.question(`> ${text}`)));
  }

  private answer(kind: LogKind, { id, answer }: Happening): void {
    if (answer === undefined || !['', 'identity'].includes(answer.encoding)) return;
    const lines = this.answerLines(id);
    const said = spoken(kind, readAnswer(kind, answer, answer.body).plain);
    lines.chunk(this.filter(said).slice(0, MOST_SAID));
    lines.end();
  }

  private note({ id, status, end, code, usage, durationMs }: Happening): void {
    const words = [String(status)];
    if (end !== 'whole') words.push(end);
    if (code !== undefined) words.push(safeLine(code));
    if (usage?.reported === true) words.push(`${usage.input ?? '?'} tokens in, ${usage.output ?? '?'} out`);
    words.push(`${(durationMs / 1000).toFixed(1)} s`);
    this.line(id, this.colors.note(words.join(', ')));
  }

  private answerLines(id: string): SafeLines {
    // Once more: what comes live is whole for the first time here.
    return new SafeLines((text) => this.line(id, this.colors.answer(this.filter(text))));
  }

  private whole(text: string, line: (text: string) => void): void {
    const lines = new SafeLines(line);
    lines.chunk(text);
    lines.end();
  }

  private line(id: string, text: string): void {
    this.options.write(`${this.colors.id(safeText(id.slice(-SHORT_ID)))} ${text}\n`);
  }
}

/** What a plain answer says, first choice first. */
function spoken(kind: LogKind, answer: unknown): string {
  const choices = memberOf(answer, kind === 'response' ? 'output' : 'choices');
  if (!Array.isArray(choices)) return '';
  return choices
    .map((choice) => spokenChoice(choice))
    .filter((text) => text !== '')
    .join('\n');
}

function spokenChoice(choice: unknown): string {
  const message = memberOf(choice, 'message') ?? choice;
  const content = memberOf(message, 'content') ?? memberOf(message, 'text') ?? memberOf(message, 'refusal');
  const parts = Array.isArray(content)
    ? content.map((part) => memberOf(part, 'text') ?? memberOf(part, 'refusal'))
    : [content];
  const said = parts.filter((part) => typeof part === 'string').join('');
  const calls =
    memberOf(message, 'tool_calls') ?? (memberOf(message, 'arguments') === undefined ? undefined : [message]);
  return [said, answerOf({ assistant: calls })].filter((text) => text !== '').join('\n');
}
