import type { Happening, Sink } from '../happening.ts';
import type { TracesOptions, Tracing } from './sdk.ts';
import { newSpanContext, type SpanContext } from '../span-context.ts';

/** An exchange whose span was named before it went upstream. */
export type TracedHappening = Happening & { readonly span?: SpanContext | undefined };

/** So long a shutdown waits for the collector, milliseconds. */
const FAREWELL_MS = 3_000;

/** Makes a span of each exchange after its end, and exports it with others. */
export class Traces implements Sink {
  readonly wantsAddress = true;
  constructor(private readonly tracing: Tracing) {}

  happened(happening: TracedHappening): void {
    const context = happening.span ?? newSpanContext(happening.traceparent);
    if (context.sampled && this.tracing.outlet.admits()) this.tracing.record(happening, context);
  }

  async close(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, FAREWELL_MS);
    // It has been said that the collector is gone.
    await Promise.race([this.tracing.shutdown().catch(() => undefined), late]);
    clearTimeout(timer);
  }
}

/**
 * Turns tracing on; the SDK is loaded only now.
 * @throws TypeError when the endpoint is no URL
 */
export async function openTraces(options: TracesOptions): Promise<Traces> {
  const { startTracing } = await import('./sdk.ts');
  return new Traces(startTracing(options));
}
