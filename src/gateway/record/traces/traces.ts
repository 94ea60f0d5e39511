import type { Happening, Sink } from '../happening.ts';
import type { Tracing } from './sdk.ts';
import { newSpanContext, type SpanContext } from './span-context.ts';

export interface TracesOptions {
  /** Base URL of a collector that takes OTLP over HTTP, as `http://localhost:4318`. */
  readonly endpoint: string;
  /** Sent with each export; may hold secrets. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes before the resource's `service.name`. @default 'aifd' */
  readonly serviceName?: string;
  readonly version?: string;
  /** Further attributes of the resource. */
  readonly resource?: Readonly<Record<string, string>>;
  /** Takes a line for the operator. */
  say(line: string): void;
  /** How long spans wait for others to be sent with, milliseconds. @default 5000 */
  readonly delayMs?: number;
  /** What one export may take, with its retries. @default 5000 */
  readonly timeoutMs?: number;
  /** How long nothing is tried when the collector is gone; then twice that. @default 10000 */
  readonly pauseMs?: number;
}

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
