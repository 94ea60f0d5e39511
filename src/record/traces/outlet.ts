import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

type Done = Parameters<SpanExporter['export']>[1];

/** A collector that is gone is tried again after so long, then after twice that, milliseconds. */
const FIRST_PAUSE = 10_000;
const LONGEST_PAUSE = 300_000;
/** So many spans find out whether it is there again. */
const TRIERS = 16;
/** The code that means success; the package that names it is loaded late. */
const SUCCESS = 0;

/**
 * Between the SDK and its exporter: says once that the collector is gone, and then lets nothing through until it is
 * time to try again.
 */
export class Outlet implements SpanExporter {
  private pause = 0;
  private pausedUntil = 0;
  private triers = 0;

  /** @param say - told when the collector goes, with a reason that holds no secret, and when it is there again */
  constructor(
    private readonly exporter: SpanExporter,
    private readonly say: (line: string) => void,
    private readonly firstPause = FIRST_PAUSE,
    private readonly now = (): number => performance.now(),
  ) {}

  /** Whether the next span should be made: to make one that is thrown away costs as much as any. */
  admits(): boolean {
    if (this.pause === 0) return true;
    return !this.isPaused && this.triers-- > 0;
  }

  export(spans: ReadableSpan[], done: Done): void {
    // Told as done, whatever became of it: the SDK would only say it again, for each batch.
    if (this.isPaused) return done({ code: SUCCESS });
    this.exporter.export(spans, ({ code, error }) => {
      if (code === SUCCESS) this.succeeded();
      else this.failed(error);
      done({ code: SUCCESS });
    });
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  forceFlush(): Promise<void> {
    return this.exporter.forceFlush?.() ?? Promise.resolve();
  }

  private get isPaused(): boolean {
    return this.pause > 0 && this.now() < this.pausedUntil;
  }

  private succeeded(): void {
    if (this.pause > 0) this.say('traces are taken again');
    this.pause = 0;
  }

  private failed(error: unknown): void {
    const isNews = this.pause === 0;
    this.pause = isNews ? this.firstPause : Math.min(this.pause * 2, LONGEST_PAUSE);
    this.pausedUntil = this.now() + this.pause;
    this.triers = TRIERS;
    if (isNews)
      this.say(`traces can't be delivered (${reasonOf(error)}): they are dropped until they can be`);
  }
}

/** A status or a code, else the SDK's own words: what a collector writes may hold anything. */
function reasonOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'number') return `status ${code}`;
  const reason = String(code ?? message);
  return /^[\w ]{1,60}$/.test(reason) ? reason : 'for an unknown reason';
}
