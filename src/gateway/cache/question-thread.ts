import type { Question } from '../../openai/canonical.ts';

/** Bodies up to so many bytes are read where they are: under 10 ms, whatever is in them. */
const SMALL = 64 * 1024;

/** Bytes that may wait for the thread; further bodies pass the cache by. */
const MOST_WAITING = 64 * 1024 * 1024;

/** A question with its canonical form as UTF-8. */
export type LargeQuestion = Omit<Question, 'canonical'> & { readonly canonical: Uint8Array };

export interface ToReader {
  readonly id: number;
  readonly bytes: Uint8Array;
}

export interface FromReader {
  readonly id: number;
  readonly question: LargeQuestion | undefined;
}

interface Waiting {
  readonly bytes: number;
  readonly done: (question: LargeQuestion | undefined) => void;
}

/**
 * A thread that brings large questions into canonical form: 400,000 keys would hold up every other client for half a second. It is
 * started by the first such body.
 */
export class QuestionThread {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private bytes = 0;
  private last = 0;

  /** @param say - told when the thread ended by a defect */
  constructor(private readonly say: (message: string) => void) {}

  /** Whether a body of so many bytes belongs there. */
  isLarge(bytes: number): boolean {
    return bytes > SMALL;
  }

  /** Reads a body as `readQuestion` does. @returns undefined also while too much waits */
  async read(bytes: Uint8Array): Promise<LargeQuestion | undefined> {
    if (this.bytes + bytes.length > MOST_WAITING) return undefined;
    const { promise, resolve: done } = Promise.withResolvers<LargeQuestion | undefined>();
    // A copy: others still need the body.
    const copy = new Uint8Array(bytes);
    const id = ++this.last;
    this.waiting.set(id, { bytes: copy.length, done });
    this.bytes += copy.length;
    this.worker ??= this.start();
    this.worker.postMessage({ id, bytes: copy } satisfies ToReader, [copy.buffer]);
    return promise;
  }

  /** Ends the thread. What waits for it passes the cache by. */
  close(): void {
    this.worker?.terminate();
    this.worker = undefined;
    for (const { done } of this.waiting.values()) done(undefined);
    this.waiting.clear();
    this.bytes = 0;
  }

  private start(): Worker {
    const worker = new Worker(new URL('./question-worker.ts', import.meta.url).href);
    worker.addEventListener('message', ({ data }: MessageEvent<FromReader>) => this.came(data));
    worker.addEventListener('error', ({ message }) => {
      this.say(`the thread that reads large questions ended: ${message}`);
      if (this.worker === worker) this.close();
    });
    worker.unref();
    return worker;
  }

  private came({ id, question }: FromReader): void {
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    this.waiting.delete(id);
    this.bytes -= waiting.bytes;
    waiting.done(question);
  }
}
