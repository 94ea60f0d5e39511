import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Happening } from '../happening.ts';
import { errorTypeOf, operationOf } from '../metrics/gen-ai.ts';
import { attributesOf, spanName } from './attributes.ts';
import { Outlet } from './outlet.ts';
import type { SpanContext } from '../span-context.ts';

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

/** What waits to be exported: more is dropped. */
const MOST_WAITING = 2_048;
const MOST_AT_ONCE = 512;
const DELAY_MS = 5_000;
const TIMEOUT_MS = 5_000;

/** The SDK at work. */
export interface Tracing {
  readonly outlet: Outlet;
  record(happening: Happening, context: SpanContext): void;
  shutdown(): Promise<void>;
}

/** Sets up the SDK. Only here it is imported, so that what never traces never loads it. */
export function startTracing(options: TracesOptions): Tracing {
  const { endpoint, headers = {}, say, delayMs = DELAY_MS, timeoutMs = TIMEOUT_MS, pauseMs } = options;
  const url = tracesUrl(endpoint);
  const outlet = new Outlet(new OTLPTraceExporter({ url, headers, timeoutMillis: timeoutMs }), say, pauseMs);
  const processor = new BatchSpanProcessor(outlet, {
    maxQueueSize: MOST_WAITING,
    maxExportBatchSize: MOST_AT_ONCE,
    scheduledDelayMillis: delayMs,
    exportTimeoutMillis: timeoutMs * 2,
  });
  const ids = { traceId: '', spanId: '' };
  const provider = new BasicTracerProvider({
    resource: resourceOf(options),
    sampler: new AlwaysOnSampler(),
    // A span's id went upstream long before the span is made.
    idGenerator: { generateTraceId: () => ids.traceId, generateSpanId: () => ids.spanId },
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('aifd');
  const record = (happening: Happening, { traceId, spanId, parentId }: SpanContext): void => {
    ids.traceId = traceId;
    ids.spanId = spanId;
    const parent = parentId && { traceId, spanId: parentId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
    const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
    const { at, durationMs } = happening;
    const kind = operationOf(happening.family) === undefined ? SpanKind.SERVER : SpanKind.CLIENT;
    const attributes = attributesOf(happening);
    const span = tracer.startSpan(spanName(happening), { kind, startTime: at, attributes }, context);
    if (isError(happening, kind)) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(at + durationMs);
  };
  return { outlet, record, shutdown: () => provider.shutdown() };
}

/** By the HTTP conventions a server's span is no error when the client's request was. */
function isError(happening: Happening, kind: SpanKind): boolean {
  if (errorTypeOf(happening) === undefined) return false;
  return kind === SpanKind.CLIENT || happening.status >= 500 || happening.end !== 'whole';
}

function resourceOf({ serviceName, version, resource = {} }: TracesOptions) {
  const own = {
    'service.name': 'aifd',
    ...(version !== undefined && { 'service.version': version }),
    'service.instance.id': crypto.randomUUID(),
  };
  return defaultResource().merge(
    resourceFromAttributes({ ...own, ...resource, ...(serviceName && { 'service.name': serviceName }) }),
  );
}

/** The endpoint is a base: by the specification each signal has its path under it. */
function tracesUrl(endpoint: string): string {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
}
