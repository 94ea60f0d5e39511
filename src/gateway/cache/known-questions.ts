/** What a question is kept under, and how its answer is wanted. */
export interface KnownQuestion {
  readonly key: string;
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/** The very letters of a request, so far as they tell its question. */
export interface Letters {
  /** All that tells it beside the body. */
  readonly before: string;
  readonly body: Uint8Array;
}

interface Known extends Letters {
  readonly question: KnownQuestion;
}

const MOST_KNOWN = 10_000;
const MOST_BYTES = 16 * 2 ** 20;
/** One larger question takes no place of many. */
const MOST_OF_ONE = 2 ** 16;

/** Questions by their very letters: who asks in the same again need not be read. Bounded in number and bytes. */
export class KnownQuestions {
  /** By a hash that proves nothing: the letters are compared. Of two that share one the later is known. */
  private readonly known = new Map<number, Known>();
  private bytes = 0;

  find({ before, body }: Letters): KnownQuestion | undefined {
    const known = this.known.get(hashOf(before, body));
    if (known === undefined || known.before !== before || known.body.length !== body.length) return undefined;
    return Buffer.compare(known.body, body) === 0 ? known.question : undefined;
  }

  add({ before, body }: Letters, question: KnownQuestion): void {
    const bytes = sizeOf(before, body);
    if (bytes > MOST_OF_ONE) return;
    const hash = hashOf(before, body);
    this.drop(hash);
    // The oldest goes: a Map keeps the order in which they came.
    while (this.known.size >= MOST_KNOWN || this.bytes + bytes > MOST_BYTES)
      this.drop(this.known.keys().next().value!);
    // Memory of its own: what it is a view of may be larger.
    this.known.set(hash, { before, body: Buffer.from(body), question });
    this.bytes += bytes;
  }

  private drop(hash: number): void {
    const known = this.known.get(hash);
    if (known === undefined) return;
    this.known.delete(hash);
    this.bytes -= sizeOf(known.before, known.body);
  }
}

const sizeOf = (before: string, body: Uint8Array): number => 2 * before.length + body.length;

function hashOf(before: string, body: Uint8Array): number {
  return Bun.hash.xxHash32(body, Bun.hash.xxHash32(before));
}
