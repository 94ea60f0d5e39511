import { answerText, streamText } from '../upstream/answers.ts';
import { completeWish, promptOf } from '../upstream/wish.ts';
import { leastPrompt } from './order.ts';
import type { Order, Question } from './order.ts';

/** Characters of a prompt that tell it from all others. */
const OWN = 40;
const run = crypto.randomUUID().slice(0, 20);
let asked = 0;

/** The body of a request, `stream` first: the upstream need not look far for it. */
export function bodyOf({ stream, wish, prompt }: Question): string {
  if (prompt < leastPrompt) throw new Error(`a prompt has at least ${leastPrompt} bytes`);
  const content = `${promptOf(wish)}${' '.repeat(OWN)}`.padEnd(prompt, 'y');
  return JSON.stringify({ model: 'bench', stream, messages: [{ role: 'user', content }] });
}

/** The whole body of the upstream's answer. */
export function expectedBody({ stream, wish }: Question): string {
  const complete = completeWish({ ...wish, stream });
  return stream ? streamText(complete) : answerText(complete);
}

/** A question as bytes on the wire, with the headers an SDK sends. */
export class QuestionBytes {
  readonly #bytes: Buffer;
  readonly #own: number;
  readonly #isDistinct: boolean;
  readonly #keys: readonly string[];
  readonly #key: number;
  #turn = 0;

  constructor(order: Order) {
    const body = bodyOf(order.question);
    const headers = [
      `Host: 127.0.0.1:${order.port}`,
      'Content-Type: application/json',
      `Authorization: Bearer ${order.keys[0]}`,
      'User-Agent: OpenAI/JS bench',
      'Accept: application/json',
      ...Object.entries(order.headers).map(([name, value]) => `${name}: ${value}`),
      `Content-Length: ${body.length}`,
    ];
    this.#bytes = Buffer.from(
      `POST ${order.path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`,
      'latin1',
    );
    this.#own = this.#bytes.indexOf(' '.repeat(OWN));
    this.#isDistinct = order.question.distinct;
    this.#keys = order.keys;
    this.#key = this.#bytes.indexOf('Bearer ') + 7;
  }

  /** The next request. The bytes hold until the next call: who can't send them all at once keeps a copy. */
  next(): Buffer {
    if (this.#isDistinct) this.#bytes.write(`${run} ${asked++}`.padEnd(OWN), this.#own, 'latin1');
    if (this.#keys.length > 1)
      this.#bytes.write(this.#keys[this.#turn++ % this.#keys.length]!, this.#key, 'latin1');
    return this.#bytes;
  }
}
