import { expect, test } from 'bun:test';
import { Metrics } from '../../src/record/metrics/metrics.ts';
import { happeningWith } from './happening.ts';
import { parseMetrics, sum } from './parse.ts';

async function samplesOf(...happenings: Parameters<typeof happeningWith>[0][]) {
  const metrics = new Metrics({ openStreams: () => 3, queued: () => 2 });
  for (const other of happenings) metrics.happened(happeningWith(other));
  return parseMetrics(await metrics.render());
}

test('a request that went well', async () => {
  const samples = await samplesOf({ queueMs: 30, overheadMs: 0.4, durationMs: 1_230.4, cache: 'miss' });
  const labels = { route: '/v1/chat/completions', target: 'api.openai.com' };
  expect(sum(samples, 'aifd_requests_total', { ...labels, method: 'POST', status: '200' })).toBe(1);
  expect(sum(samples, 'aifd_request_duration_seconds_sum', labels)).toBeCloseTo(1.2304, 9);
  expect(sum(samples, 'aifd_request_duration_seconds_bucket', { ...labels, le: '1' })).toBe(0);
  expect(sum(samples, 'aifd_request_duration_seconds_bucket', { ...labels, le: '2.5' })).toBe(1);
  expect(sum(samples, 'aifd_request_duration_seconds_bucket', { ...labels, le: '+Inf' })).toBe(1);
  expect(sum(samples, 'aifd_request_duration_seconds_count', labels)).toBe(1);
  expect(sum(samples, 'aifd_overhead_seconds_bucket', { ...labels, le: '0.0005' })).toBe(1);
  expect(sum(samples, 'aifd_overhead_seconds_bucket', { ...labels, le: '0.00025' })).toBe(0);
  expect(sum(samples, 'aifd_time_to_first_byte_seconds_count', labels)).toBe(1);
  expect(sum(samples, 'aifd_queue_wait_seconds_sum')).toBeCloseTo(0.03, 9);
  expect(sum(samples, 'aifd_cache_requests_total', { cache: 'miss', ...labels })).toBe(1);
  expect(sum(samples, 'aifd_tokens_total', { type: 'input', source: 'upstream', model: 'gpt-4o' })).toBe(12);
  expect(sum(samples, 'aifd_tokens_total', { type: 'cached' })).toBe(4);
  expect(sum(samples, 'aifd_upstream_errors_total')).toBe(0);
  expect(sum(samples, 'aifd_refusals_total')).toBe(0);
  expect(sum(samples, 'aifd_open_streams')).toBe(3);
  expect(sum(samples, 'aifd_queued_requests')).toBe(2);
  expect(sum(samples, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
});

test('what went wrong, by its kind', async () => {
  const samples = await samplesOf(
    { end: 'refused', code: 'rate_limit_exceeded', status: 429, attempts: 0, usage: undefined },
    { end: 'refused', code: 'invalid_api_key', status: 401, attempts: 0, target: '', usage: undefined },
    { end: 'failed', code: 'upstream_timeout', status: 504, attempts: 3, usage: undefined },
    { end: 'cut' },
    { end: 'left' },
  );
  expect(sum(samples, 'aifd_refusals_total', { code: 'rate_limit_exceeded', target: 'api.openai.com' })).toBe(
    1,
  );
  expect(sum(samples, 'aifd_refusals_total', { code: 'invalid_api_key', target: '' })).toBe(1);
  expect(sum(samples, 'aifd_upstream_errors_total', { kind: 'timeout' })).toBe(1);
  expect(sum(samples, 'aifd_upstream_errors_total', { kind: 'cut' })).toBe(1);
  expect(sum(samples, 'aifd_upstream_retries_total')).toBe(2);
  for (const [end, count] of Object.entries({ refused: 2, failed: 1, cut: 1, left: 1, whole: 0 }))
    expect(sum(samples, 'aifd_ends_total', { end })).toBe(count);
  expect(sum(samples, 'aifd_requests_total')).toBe(5);
});

test('errors of the upstream, whether it gives an answer or not', async () => {
  const samples = await samplesOf(
    { status: 503 },
    { status: 503, end: 'cut' },
    { status: 599 },
    { status: 429 },
    { status: 401 },
    { status: 404 },
    { end: 'errored' },
    { end: 'errored', cache: 'collapsed', attempts: 0 },
    { cache: 'stale' },
    { status: 429, end: 'refused', code: 'rate_limit_exceeded', attempts: 0 },
  );
  const found = samples
    .filter(({ name }) => name === 'aifd_upstream_errors_total')
    .map(({ labels, value }) => [labels['kind'], labels['status'], value]);
  expect(found).toEqual([
    ['status', '503', 1],
    ['cut', '', 1],
    ['status', '_OTHER', 1],
    ['status', '429', 1],
    ['status', '401', 1],
    ['in_stream', '', 1],
    ['stale', '', 1],
  ]);
  expect(sum(samples, 'aifd_ends_total', { end: 'errored' })).toBe(2);
});

test.each(['hit', 'stale', 'collapsed'] as const)('a %s used no tokens anew', async (cache) => {
  const samples = await samplesOf({ cache, attempts: 0 });
  expect(sum(samples, 'aifd_tokens_total', { source: 'cache', type: 'output' })).toBe(30);
  expect(sum(samples, 'aifd_tokens_total', { source: 'upstream' })).toBe(0);
  expect(sum(samples, 'gen_ai_client_token_usage_count')).toBe(0);
  expect(sum(samples, 'gen_ai_client_operation_duration_seconds_count')).toBe(0);
});

test('numbers that are none spoil nothing', async () => {
  const bad = { input: NaN, output: -5, cached: Infinity, reasoning: undefined, reported: true };
  const samples = await samplesOf({ durationMs: NaN, firstByteMs: -3, overheadMs: Infinity, usage: bad }, {});
  expect(sum(samples, 'aifd_request_duration_seconds_sum')).toBeCloseTo(0.1205, 9);
  expect(sum(samples, 'aifd_request_duration_seconds_count')).toBe(1);
  expect(sum(samples, 'aifd_overhead_seconds_count')).toBe(1);
  expect(sum(samples, 'aifd_tokens_total')).toBe(12 + 30 + 4);
  expect(sum(samples, 'aifd_requests_total')).toBe(2);
});
