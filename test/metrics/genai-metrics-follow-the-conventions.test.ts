import { expect, test } from 'bun:test';
import { placeOf } from '../../src/record/metrics/gen-ai.ts';
import { Metrics } from '../../src/record/metrics/metrics.ts';
import { happeningWith } from './happening.ts';
import { parseMetrics, sum } from './parse.ts';

async function samplesOf(other: Parameters<typeof happeningWith>[0]) {
  const metrics = new Metrics();
  metrics.happened(happeningWith(other));
  return parseMetrics(await metrics.render());
}

const base = {
  gen_ai_operation_name: 'chat',
  gen_ai_provider_name: 'openai',
  gen_ai_request_model: 'gpt-4o',
  server_address: 'localhost',
  server_port: '8080',
};

test('a streamed chat: tokens, and seconds of the operation, the request, the first token and each further one', async () => {
  const samples = await samplesOf({
    target: 'localhost:8080',
    stream: true,
    durationMs: 3_000,
    queueMs: 50,
    overheadMs: 10,
    firstByteMs: 100,
  });
  const first = samples.find(({ name }) => name === 'gen_ai_client_token_usage_bucket')!;
  expect(first.labels).toEqual({ ...base, gen_ai_token_type: 'input', le: '1' });
  expect(sum(samples, 'gen_ai_client_token_usage_sum', { ...base, gen_ai_token_type: 'input' })).toBe(12);
  expect(sum(samples, 'gen_ai_client_token_usage_sum', { ...base, gen_ai_token_type: 'output' })).toBe(30);
  expect(
    sum(samples, 'gen_ai_client_operation_duration_seconds_sum', { ...base, error_type: '' }),
  ).toBeCloseTo(2.94, 9);
  expect(sum(samples, 'gen_ai_server_request_duration_seconds_sum', base)).toBeCloseTo(3, 9);
  expect(sum(samples, 'gen_ai_server_time_to_first_token_seconds_sum', base)).toBeCloseTo(0.1, 9);
  expect(sum(samples, 'gen_ai_server_time_per_output_token_seconds_sum', base)).toBeCloseTo(0.1, 9);
});

test('errors are told by their type', async () => {
  const types = [
    [{ status: 404 }, '404'],
    [{ status: 477 }, '_OTHER'],
    [{ status: 504, end: 'failed', code: 'upstream_timeout' }, 'upstream_timeout'],
    [{ end: 'cut' }, 'cut'],
    [{ end: 'errored' }, 'errored'],
    [{ end: 'left' }, 'client_closed_request'],
  ] as const;
  for (const [other, error_type] of types) {
    const samples = await samplesOf({ ...other, stream: true });
    expect(sum(samples, 'gen_ai_server_request_duration_seconds_count', { error_type })).toBe(1);
    expect(sum(samples, 'gen_ai_server_time_to_first_token_seconds_count')).toBe(0);
  }
});

test('a plain answer to who asked for a stream has no first token', async () => {
  const samples = await samplesOf({ stream: true, streamed: false });
  expect(sum(samples, 'gen_ai_server_time_to_first_token_seconds_count')).toBe(0);
  expect(sum(samples, 'gen_ai_server_time_per_output_token_seconds_count')).toBe(0);
});

test('an estimate is no usage, and what is no operation of a model has none of these', async () => {
  const usage = { input: 3, output: 9, cached: undefined, reasoning: undefined, reported: false };
  const guessed = await samplesOf({ usage });
  expect(sum(guessed, 'gen_ai_client_token_usage_count')).toBe(0);
  expect(sum(guessed, 'aifd_tokens_total', { source: 'estimate', type: 'output' })).toBe(9);
  const other = await samplesOf({ family: 'other', usage: undefined });
  expect(other.filter(({ name }) => name.startsWith('gen_ai'))).toEqual([]);
});

test.each([
  ['api.openai.com', 'api.openai.com', undefined, 'openai'],
  ['me.openai.azure.com', 'me.openai.azure.com', undefined, 'azure.ai.openai'],
  ['api.x.ai', 'api.x.ai', undefined, 'x_ai'],
  ['notx.ai', 'notx.ai', undefined, 'openai'],
  ['evil-groq.com:1', 'evil-groq.com', 1, 'openai'],
  [
    'bedrock-runtime.us-east-1.amazonaws.com',
    'bedrock-runtime.us-east-1.amazonaws.com',
    undefined,
    'aws.bedrock',
  ],
  ['[::1]:8080', '::1', 8080, 'openai'],
  ['[::1]', '::1', undefined, 'openai'],
  ['', '', undefined, 'openai'],
])('target %p', (target, address, port, provider) => {
  expect(placeOf(target)).toEqual({ address, port, provider });
});
