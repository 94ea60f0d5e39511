import { paced, type PacerClock } from '../../src/gateway/limits/pacing.ts';
import { WireFailure } from '../../src/gateway/upstream/wire/failure.ts';
import { IncomingBody } from '../../src/gateway/upstream/wire/incoming.ts';

/** Lets all that is ready happen. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Time that passes when the test says so. */
export class FakeClock implements PacerClock {
  time = 1000;
  /** Timers fire so much late, ms. */
  late = 0;
  readonly timers = new Set<{ at: number; task: () => void }>();

  now(): number {
    return this.time;
  }

  start(task: () => void, ms: number): unknown {
    if (!Number.isInteger(ms) || ms < 1) throw new Error(`no timer takes ${ms} ms`);
    const timer = { at: this.time + ms, task };
    this.timers.add(timer);
    return timer;
  }

  stop(timer: unknown): void {
    this.timers.delete(timer as { at: number; task: () => void });
  }

  /** Passes `ms`, with all that happens in it. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (;;) {
      const [first] = [...this.timers].toSorted((a, b) => a.at - b.at);
      if (!first || first.at + this.late > end) break;
      this.timers.delete(first);
      this.time = first.at + this.late;
      first.task();
      await settle();
    }
    this.time = end;
  }
}

interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array }>;
  cancel(): Promise<void>;
}

/** A paced body with a test at both ends. */
export class PacedStream {
  readonly clock = new FakeClock();
  /** What the upstream was told. */
  readonly told: string[] = [];
  readonly body = new IncomingBody({
    pause: () => void this.told.push('pause'),
    resume: () => void this.told.push('resume'),
    cancel: () => void this.told.push('cancel'),
  });
  readonly stream: ReadableStream<Uint8Array>;
  /** What left, and when, ms after the start. */
  readonly left: [number, string][] = [];
  ended: 'end' | Error | undefined;
  private readonly began = this.clock.time;
  private reading: Reader | undefined;

  constructor(perEventMs: number, before: (body: IncomingBody) => void = () => {}) {
    before(this.body);
    this.stream = paced(this.body, perEventMs, undefined, this.clock);
  }

  private get reader(): Reader {
    return (this.reading ??= this.stream.getReader());
  }

  /** One read of the upstream. */
  send(...chunks: string[]): this {
    for (const chunk of chunks) this.body.push(Buffer.from(chunk));
    this.body.flush();
    return this;
  }

  cut(): void {
    this.body.fail(new WireFailure('truncated', 'cut'));
  }

  /** The client takes one event. */
  async take(): Promise<void> {
    try {
      const { done, value } = await this.reader.read();
      if (done || !value) this.ended = 'end';
      else this.left.push([this.clock.time - this.began, Buffer.from(value).toString()]);
    } catch (error) {
      this.ended = error as Error;
    }
  }

  /** The client takes all there is, as it comes. */
  async takeAll(): Promise<void> {
    while (this.ended === undefined) await this.take();
  }

  async leave(): Promise<void> {
    await this.reader.cancel();
  }

  get times(): number[] {
    return this.left.map(([at]) => at);
  }

  get text(): string {
    return this.left.map(([, text]) => text).join('');
  }
}

/** Events numbered from `from`. */
export const events = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `data: ${from + i}\n\n`);
