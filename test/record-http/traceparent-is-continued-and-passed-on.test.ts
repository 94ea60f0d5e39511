import { expect, test } from 'bun:test';
import { startCollector } from '../traces/collector.ts';
import { chat, chatPath } from '../limits-http/support.ts';
import { until } from '../support/until.ts';
import { answerKinds } from './kinds.ts';
import { startRecorded } from './support.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const parent = 'b7ad6b7169203331';
const asked = (...headers: string[]) =>
  chat({ model: 'gpt-test', messages: [{ role: 'user', content: 'stream' }], stream: true }, headers);

test("with traces on, the client's trace goes on upstream under aifd's span, and a new one begins without", async () => {
  await using collector = startCollector();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '50' };
  await using run = await startRecorded(env, answerKinds);
  const state = 'tracestate: vendor=1,other=2';
  const first = await run.ask(chatPath, asked(`traceparent: 00-${trace}-${parent}-01`, state));
  await run.ask(chatPath, asked());
  await run.ask(chatPath, asked(`traceparent: 00-${trace}-${parent}-00`));
  await run.ask(chatPath, asked('traceparent: rubbish'));
  const sent = run.upstream.requests.map((request) => request.all('traceparent'));
  expect(sent.map(({ length }) => length)).toEqual([1, 1, 1, 1]);
  const [one, two, three, four] = sent.map(([header]) => header!.split('-'));
  expect(one!.slice(0, 2)).toEqual(['00', trace]);
  expect(one![2]).not.toBe(parent);
  expect(one![3]).toBe('01');
  expect(run.upstream.requests[0]!.header('tracestate')).toBe('vendor=1,other=2');
  expect(three).toEqual(['00', trace, expect.not.stringMatching(parent), '00']);
  await run.end();
  const spans = await until(
    () => (collector.spans.length >= 3 ? collector.spans : undefined),
    'the spans are there',
  );
  expect(spans.length).toBe(3);
  const byTrace = (id: string) => spans.filter(({ traceId }) => traceId === id);
  expect(byTrace(trace)).toEqual([expect.objectContaining({ parentSpanId: parent, spanId: one![2] })]);
  expect(byTrace(two![1]!)).toEqual([expect.objectContaining({ parentSpanId: '', spanId: two![2] })]);
  expect(byTrace(four![1]!)).toEqual([expect.objectContaining({ parentSpanId: '', spanId: four![2] })]);
  expect(byTrace(trace)[0]!.attributes).toMatchObject({
    'aifd.request_id': first.header('x-request-id'),
    'gen_ai.usage.input_tokens': 11,
    'gen_ai.usage.output_tokens': 7,
  });
});

test('with traces off, traceparent and tracestate pass as they came', async () => {
  await using run = await startRecorded({}, answerKinds);
  await run.ask(chatPath, asked(`traceparent: 00-${trace}-${parent}-01`, 'tracestate: vendor=1'));
  await run.ask(chatPath, asked('traceparent: rubbish'));
  await run.ask(chatPath, asked());
  const sent = run.upstream.requests.map((request) => request.header('traceparent'));
  expect(sent).toEqual([`00-${trace}-${parent}-01`, 'rubbish', undefined]);
  expect(run.upstream.requests[0]!.header('tracestate')).toBe('vendor=1');
});
