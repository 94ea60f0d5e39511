import { userSecret } from '../store/user-digest.ts';
import type { Aside } from '../record/aside.ts';
import type { Happening } from '../record/happening.ts';
import type { AsideSetup, FromAside, ToAside } from './aside-messages.ts';

/** Bytes of bodies that may wait for the other thread. */
const MOST_WAITING = 32 * 1024 * 1024;

/** Bodies of fewer bytes are read here: hostile text takes 0.3 µs a byte. With `LOG_REDACT` all go to the other thread. */
const SMALL = 32 * 1024;

/** So long the end waits for what is not written, milliseconds. */
const FAREWELL_MS = 10_000;

/** Written to standard output and said, on this side. */
export interface AsideOutput {
  readonly write: (text: string) => void;
  readonly say: (message: string) => void;
  /** The question of a live answer is printed. */
  readonly onQuestion: (id: string) => void;
}

/**
 * The other thread, started by the first large body: to parse and mask 8 MB takes seconds when a client wants it to. Bodies
 * are copied, for others may still read them.
 */
export class AsideThread implements Aside {
  private worker: Worker | undefined;
  private waiting = 0;
  /** Bytes of what was posted and is not done, in order. */
  private readonly posted: number[] = [];
  private first = 0;
  private closed: (() => void) | undefined;
  private readonly small: number;
  private users: number;

  constructor(
    private readonly setup: AsideSetup,
    private readonly output: AsideOutput,
  ) {
    this.small = setup.redact.length > 0 ? 0 : SMALL;
    this.users = (setup.log ? 1 : 0) + (setup.print ? 1 : 0);
  }

  isLarge(bytes: number): boolean {
    return bytes > this.small;
  }

  take(kind: 'log' | 'print', happening: Happening, body: Uint8Array | undefined): boolean {
    const asked = copyOf(happening.request);
    const said = copyOf(body);
    // One that could not be decoded keeps its coding, which says why.
    const encoding = said ? '' : (happening.answer?.encoding ?? '');
    const answer = happening.answer && { ...happening.answer, encoding, body: said ?? nothing };
    const bare = { ...happening, request: asked, answer, json: undefined, span: undefined };
    return this.post({ kind, happening: bare }, [asked, said]);
  }

  question(id: string, request: Uint8Array | undefined): boolean {
    const asked = copyOf(request);
    return this.post({ kind: 'question', id, request: asked }, [asked]);
  }

  async close(): Promise<void> {
    const { worker } = this;
    if (--this.users > 0 || !worker) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = resolve;
    worker.postMessage({ kind: 'close' } satisfies ToAside, []);
    const timer = setTimeout(resolve, FAREWELL_MS);
    await promise;
    clearTimeout(timer);
    worker.terminate();
    this.worker = undefined;
  }

  private post(message: ToAside, bodies: readonly (Uint8Array<ArrayBuffer> | undefined)[]): boolean {
    const held = bodies.filter((body) => body !== undefined);
    const bytes = held.reduce((sum, { length }) => sum + length, 0);
    if (this.waiting + bytes > MOST_WAITING) return false;
    this.waiting += bytes;
    this.posted.push(bytes);
    this.worker ??= this.start();
    this.worker.postMessage(
      message,
      held.map(({ buffer }) => buffer),
    );
    return true;
  }

  private start(): Worker {
    const worker = new Worker(new URL('./aside-worker.ts', import.meta.url).href);
    worker.addEventListener('message', ({ data }: MessageEvent<FromAside>) => this.came(data));
    worker.addEventListener('error', ({ message }) => this.lost(worker, message));
    // It holds up no end but that of `close`.
    worker.unref();
    const setup = { ...this.setup, userSecret: userSecret() };
    worker.postMessage({ kind: 'setup', setup } satisfies ToAside, []);
    return worker;
  }

  private came(message: FromAside): void {
    const { write, say, onQuestion } = this.output;
    if (message.kind === 'text') write(message.text);
    else if (message.kind === 'question') onQuestion(message.id);
    else if (message.kind === 'problem') say(message.message);
    else if (message.kind === 'closed') this.closed?.();
    else {
      this.waiting -= this.posted[this.first++]!;
      if (this.first === this.posted.length) this.posted.length = this.first = 0;
    }
  }

  /** A defect: the next body starts it anew. */
  private lost(worker: Worker, message: string): void {
    const lost = this.posted.length - this.first;
    this.output.say(`the thread for large bodies ended and lost ${lost} of them: ${message}`);
    worker.terminate();
    this.worker = undefined;
    this.waiting = this.posted.length = this.first = 0;
    this.closed?.();
  }
}

const nothing = new Uint8Array();

function copyOf(bytes: Uint8Array | undefined): Uint8Array<ArrayBuffer> | undefined {
  return bytes && new Uint8Array(bytes);
}
