import { expect, test } from 'bun:test';
import { newSpanContext } from '../../src/record/span-context.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const span = 'b7ad6b7169203331';

test('a valid one is continued: same trace, our span, the flags as they were', () => {
  const context = newSpanContext(`00-${trace}-${span}-01`);
  expect(context).toMatchObject({ traceId: trace, parentId: span, sampled: true });
  expect(context.spanId).toMatch(/^[0-9a-f]{16}$/);
  expect(context.spanId).not.toBe(span);
  expect(context.header).toBe(`00-${trace}-${context.spanId}-01`);
});

test('what is not sampled stays so, whatever our ratio', () => {
  const context = newSpanContext(`00-${trace}-${span}-00`, 1);
  expect(context).toMatchObject({ sampled: false, header: `00-${trace}-${context.spanId}-00` });
  expect(newSpanContext(`00-${trace}-${span}-01`, 0).sampled).toBe(true);
  // Bits we don't know are not passed on.
  expect(newSpanContext(`00-${trace}-${span}-ff`).header.endsWith('-01')).toBe(true);
});

test('a later version is read as ours', () => {
  expect(newSpanContext(`cc-${trace}-${span}-01`).traceId).toBe(trace);
  expect(newSpanContext(`cc-${trace}-${span}-01-what-the-future-brings`).traceId).toBe(trace);
});

test.each([
  undefined,
  '',
  'garbage',
  `ff-${trace}-${span}-01`,
  `00-${trace}-${span}-01-more`,
  `00-${'0'.repeat(32)}-${span}-01`,
  `00-${trace}-${'0'.repeat(16)}-01`,
  `00-${trace.toUpperCase()}-${span}-01`,
  `00-${trace}-${span}`,
  `00-${trace}-${span}-1`,
  ` 00-${trace}-${span}-01`,
  `00-${trace}-${span}-01\n`,
  `00-${trace}-${span}-01, 00-${trace}-${span}-01`,
  `cc-${trace}-${span}-01x`,
  `00-${trace}`.repeat(10_000),
])('%p begins a trace of our own', (traceparent) => {
  const context = newSpanContext(traceparent);
  expect(context.traceId).not.toBe(trace);
  expect(context.parentId).toBeUndefined();
  expect(context.header).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

test('ids are never the same', () => {
  const contexts = Array.from({ length: 20_000 }, () => newSpanContext(undefined));
  expect(new Set(contexts.map(({ traceId }) => traceId)).size).toBe(20_000);
  expect(new Set(contexts.map(({ spanId }) => spanId)).size).toBe(20_000);
});

/** How many of 10,000 traces begun here are exported. */
const sampled = (ratio: number) =>
  Array.from({ length: 10_000 }, () => newSpanContext(undefined, ratio)).filter((context) => context.sampled)
    .length;

test('of traces begun here the ratio is exported', () => {
  expect(sampled(0)).toBe(0);
  expect(sampled(1)).toBe(10_000);
  const half = sampled(0.5);
  expect(half).toBeGreaterThan(4_500);
  expect(half).toBeLessThan(5_500);
});
