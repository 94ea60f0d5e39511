/** What a metric is, as Prometheus is told. */
export interface Definition {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  /** Upper bounds of a histogram, rising; the last one, infinity, is left out. */
  readonly buckets?: readonly number[];
  /** How the values of several processes become one. @default 'sum' */
  readonly across?: 'sum' | 'min';
}

/** From a local model's first byte to one that thinks for minutes. */
const waits = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
/** What aifd itself adds is a matter of microseconds. */
const overheads = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

/** Labels and buckets of OpenTelemetry's conventions for generative AI, as Prometheus writes them. */
const genAi = [
  'gen_ai_operation_name',
  'gen_ai_provider_name',
  'gen_ai_request_model',
  'server_address',
  'server_port',
];
const genAiTokens = [
  1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
];
const genAiSeconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const genAiFirst = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const genAiEach = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];

const counter = (name: string, help: string, labels: readonly string[]): Definition => {
  return { name, help, type: 'counter', labels };
};
const gauge = (name: string, help: string): Definition => ({ name, help, type: 'gauge', labels: [] });
const histogram = (
  name: string,
  help: string,
  labels: readonly string[],
  buckets: readonly number[],
): Definition => ({ name, help, type: 'histogram', labels, buckets });

/** Every metric that there is, by a name of our own. */
export const definitions = {
  requests: counter('aifd_requests_total', 'Requests, by what the client got.', [
    'method',
    'route',
    'status',
    'target',
  ]),
  ends: counter(
    'aifd_ends_total',
    'How exchanges ended: whole, errored (so says the answer), refused, failed (no answer), cut (by the upstream), left (by the client), stopped (by the end of aifd).',
    ['end', 'target'],
  ),
  duration: histogram(
    'aifd_request_duration_seconds',
    'Until the last byte was handed over.',
    ['route', 'target'],
    waits,
  ),
  firstByte: histogram(
    'aifd_time_to_first_byte_seconds',
    "Until the first byte of the answer's body was handed over.",
    ['route', 'target'],
    waits,
  ),
  overhead: histogram(
    'aifd_overhead_seconds',
    'What aifd added: all but waiting for a place and for the upstream.',
    ['route', 'target'],
    overheads,
  ),
  queueWait: histogram(
    'aifd_queue_wait_seconds',
    'What requests that had to wait for a place waited.',
    ['target'],
    waits,
  ),
  openStreams: gauge(
    'aifd_open_streams',
    'Answers on their way to clients right now, plain ones and streams; not requests that still wait for one.',
  ),
  queued: gauge('aifd_queued_requests', 'Requests that wait for a place right now.'),
  upstreamErrors: counter(
    'aifd_upstream_errors_total',
    'Answers that an upstream did not give, not whole, or as an error: kind status (5xx, 401, 402, 403, 429; which, says the label), in_stream, stale (a kept one stood in), or how it failed.',
    ['kind', 'status', 'target'],
  ),
  retries: counter('aifd_upstream_retries_total', 'Further attempts upstream.', ['target']),
  cache: counter('aifd_cache_requests_total', 'Requests of cached routes, by what the cache did.', [
    'cache',
    'route',
    'target',
  ]),
  refusals: counter('aifd_refusals_total', 'Requests that aifd refused, limits among them.', [
    'code',
    'target',
  ]),
  tokens: counter(
    'aifd_tokens_total',
    'Tokens; `cached` are some of `input`, `reasoning` some of `output`. Source: upstream (as it reported), estimate, or cache (not used anew).',
    ['type', 'source', 'model', 'target'],
  ),
  tokenUsage: histogram(
    'gen_ai_client_token_usage',
    'Number of input and output tokens used.',
    [...genAi, 'gen_ai_token_type'],
    genAiTokens,
  ),
  operation: histogram(
    'gen_ai_client_operation_duration_seconds',
    'GenAI operation duration: what the upstream took.',
    [...genAi, 'error_type'],
    genAiSeconds,
  ),
  serverDuration: histogram(
    'gen_ai_server_request_duration_seconds',
    'Generative AI server request duration, as the client saw it.',
    [...genAi, 'error_type'],
    genAiSeconds,
  ),
  firstToken: histogram(
    'gen_ai_server_time_to_first_token_seconds',
    'Time to generate first token for successful responses that are streamed.',
    genAi,
    genAiFirst,
  ),
  eachToken: histogram(
    'gen_ai_server_time_per_output_token_seconds',
    'Time per output token generated after the first token for successful responses that are streamed.',
    genAi,
    genAiEach,
  ),
  cpu: counter('process_cpu_seconds_total', 'CPU time of all workers, user and system.', []),
  memory: gauge('process_resident_memory_bytes', 'Resident memory of all workers.'),
  started: {
    ...gauge('process_start_time_seconds', 'When the oldest worker started, since the epoch.'),
    across: 'min',
  },
  workers: gauge('aifd_workers', 'Workers whose numbers these are.'),
  unanswered: gauge(
    'aifd_workers_unanswered',
    'Workers that did not answer in time: their numbers are missing.',
  ),
} as const satisfies Record<string, Definition>;
