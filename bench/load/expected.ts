import { expectedBody } from './question.ts';
import type { Order, Question } from './order.ts';

/** An answer's body as it is read: told of each piece, then asked whether it was right. */
export interface BodyCheck {
  add(bytes: Buffer, from: number, to: number): void;
  /** Says what is wrong with the body, when it has ended; and begins anew. */
  end(): string | undefined;
}

/** What makes a check for each connection. */
export function bodyCheck(order: Order): () => BodyCheck {
  const text = expectedBody(order.question);
  if (order.answers === 'content')
    return () => new ContentCheck(order.question, contentOf(text, order.question.stream));
  const expected = Buffer.from(text, 'latin1');
  return () => new ExactCheck(expected);
}

/** Every byte must be the upstream's. */
export class ExactCheck implements BodyCheck {
  #at = 0;
  #isRight = true;

  constructor(private readonly expected: Buffer) {}

  add(bytes: Buffer, from: number, to: number): void {
    const end = this.#at + to - from;
    if (end > this.expected.length || this.expected.compare(bytes, from, to, this.#at, end) !== 0)
      this.#isRight = false;
    this.#at = end;
  }

  end(): string | undefined {
    const [length, isRight] = [this.#at, this.#isRight];
    this.#at = 0;
    this.#isRight = true;
    if (length !== this.expected.length) return `${length} bytes of body instead of ${this.expected.length}`;
    return isRight ? undefined : 'another body than the upstream sent';
  }
}

/** The texts must be the upstream's, and for a stream the number of events that have any. */
class ContentCheck implements BodyCheck {
  #text = '';

  constructor(
    private readonly question: Question,
    private readonly expected: string,
  ) {}

  add(bytes: Buffer, from: number, to: number): void {
    this.#text += bytes.toString('latin1', from, to);
  }

  end(): string | undefined {
    const text = this.#text;
    this.#text = '';
    const { stream } = this.question;
    if (stream && !/data: ?\[DONE\]\s*$/.test(text)) return 'no [DONE] at the end';
    try {
      const content = contentOf(text, stream);
      return content === this.expected
        ? undefined
        : `another content than the upstream sent: ${text.slice(0, 200)}`;
    } catch {
      return `a body that is no answer: ${text.slice(0, 200)}`;
    }
  }
}

interface Answer {
  choices?: { delta?: { content?: string | null }; message?: { content?: string | null } }[];
}

/** All content of an answer; the pieces of a stream stay apart, so that their number is compared too. */
export function contentOf(text: string, isStream: boolean): string {
  if (!isStream) return (JSON.parse(text) as Answer).choices?.[0]?.message?.content ?? '';
  const pieces = text.split(/\r?\n/).flatMap((line) => {
    if (!line.startsWith('data:') || line.includes('[DONE]')) return [];
    const { choices } = JSON.parse(line.slice(5)) as Answer;
    return choices?.[0]?.delta?.content || [];
  });
  return pieces.join('\0');
}
