import { expect, test } from 'bun:test';
import { newSpanContext } from '../../src/record/span-context.ts';
import { openTraces } from '../../src/record/traces/traces.ts';
import { happeningWith } from '../metrics/happening.ts';
import { until } from '../support/until.ts';
import { startCollector } from './collector.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const quiet = { say: (line: string) => expect(line).toBe('nothing is said') };

test('a streamed chat is a span under the one that the client sent, with the id that went upstream', async () => {
  await using collector = startCollector();
  const traces = await openTraces({
    endpoint: `${collector.url}/base/`,
    headers: { authorization: 'Bearer collector-key' },
    version: '1.2.3',
    resource: { 'deployment.environment.name': 'test' },
    delayMs: 5,
    ...quiet,
  });
  const span = newSpanContext(traceparent);
  traces.happened({ ...happeningWith({ stream: true, target: 'localhost:8080', cache: 'miss' }), span });
  const found = await until(() => collector.spans[0], 'a span came');
  expect(found).toMatchObject({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: span.spanId,
    parentSpanId: 'b7ad6b7169203331',
    name: 'chat gpt-4o',
    kind: 3,
    statusCode: 0,
    startNano: BigInt(happeningWith().at) * 1_000_000n,
    endNano: BigInt(happeningWith().at) * 1_000_000n + 120_500_000n,
  });
  expect(found.attributes).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.usage.input_tokens': 12,
    'gen_ai.usage.output_tokens': 30,
    'gen_ai.usage.cache_read.input_tokens': 4,
    'gen_ai.response.time_to_first_chunk': 0.12,
    'server.address': 'localhost',
    'server.port': 8080,
    'client.address': '192.0.2.7',
    'http.request.method': 'POST',
    'http.response.status_code': 200,
    'http.route': '/v1/chat/completions',
    'aifd.cache': 'miss',
    'aifd.request_id': 'req-1',
  });
  expect(found.attributes['error.type']).toBeUndefined();
  expect(found.resource).toMatchObject({
    'service.name': 'aifd',
    'service.version': '1.2.3',
    'deployment.environment.name': 'test',
    'telemetry.sdk.name': 'opentelemetry',
  });
  const [request] = collector.requests;
  expect(request!.path).toBe('/base/v1/traces');
  expect(request!.headers.get('authorization')).toBe('Bearer collector-key');
  await traces.close();
});

test('errors have their type and status; what is no model is an HTTP span', async () => {
  await using collector = startCollector();
  const traces = await openTraces({ endpoint: collector.url, ...quiet });
  const failed = { end: 'failed', status: 504, code: 'upstream_timeout', usage: undefined } as const;
  traces.happened(happeningWith({ ...failed, id: 'failed' }));
  const other = { family: 'other', route: '/v1/models', method: 'GET', model: '', usage: undefined } as const;
  traces.happened(happeningWith({ ...other, id: 'models' }));
  traces.happened(happeningWith({ ...other, id: 'missing', status: 404 }));
  traces.happened(
    happeningWith({ ...other, id: 'odd', method: 'BREW', target: '', end: 'refused', status: 405 }),
  );
  traces.happened(happeningWith({ id: 'left', end: 'left' }));
  traces.happened(happeningWith({ id: 'errored', end: 'errored' }));
  await traces.close();
  const byId = Object.fromEntries(collector.spans.map((span) => [span.attributes['aifd.request_id'], span]));
  expect(byId['failed']).toMatchObject({ statusCode: 2, attributes: { 'error.type': 'upstream_timeout' } });
  expect(byId['failed']!.parentSpanId).toBe('');
  expect(byId['models']).toMatchObject({ name: 'GET /v1/models', kind: 2, statusCode: 0 });
  expect(byId['missing']).toMatchObject({ statusCode: 0, attributes: { 'error.type': '404' } });
  expect(byId['odd']!.attributes).toMatchObject({
    'http.request.method': '_OTHER',
    'http.request.method_original': 'BREW',
  });
  expect(byId['left']!.statusCode).toBe(2);
  expect(byId['errored']).toMatchObject({ statusCode: 2, attributes: { 'error.type': 'errored' } });
});

test('what is not sampled is not sent', async () => {
  await using collector = startCollector();
  const traces = await openTraces({ endpoint: collector.url, ...quiet });
  traces.happened(happeningWith({ traceparent: traceparent.replace(/01$/, '00'), id: 'no' }));
  traces.happened(happeningWith({ id: 'yes' }));
  await traces.close();
  expect(collector.spans.map(({ attributes }) => attributes['aifd.request_id'])).toEqual(['yes']);
});

test('strange texts come whole, or cut where they are long', async () => {
  await using collector = startCollector();
  const traces = await openTraces({ endpoint: collector.url, ...quiet });
  const models = ['中文🦊', 'a\nb\0c', '\ud800', 'x'.repeat(5_000)];
  for (const model of models) traces.happened(happeningWith({ model, path: `/v1/${'p'.repeat(100_000)}` }));
  await traces.close();
  const found = collector.spans.map(({ attributes }) => attributes['gen_ai.request.model']);
  expect(found).toEqual(['中文🦊', 'a\nb\0c', '\ufffd', 'x'.repeat(1_024)]);
  expect(collector.requests[0]!.bytes).toBeLessThan(20_000);
});

test('closing sends what waits, and nothing is lost of a thousand', async () => {
  await using collector = startCollector();
  const traces = await openTraces({ endpoint: collector.url, delayMs: 600_000, ...quiet });
  for (let i = 0; i < 1_000; i++) traces.happened(happeningWith({ id: `r${i}` }));
  await traces.close();
  expect(new Set(collector.spans.map(({ attributes }) => attributes['aifd.request_id'])).size).toBe(1_000);
});
