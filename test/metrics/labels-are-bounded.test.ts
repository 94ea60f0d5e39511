import { expect, test } from 'bun:test';
import { counters } from '../../src/record/metrics/family.ts';
import { Metrics } from '../../src/record/metrics/metrics.ts';
import { BoundedNames } from '../../src/record/metrics/names.ts';
import { happeningWith } from './happening.ts';
import { parseMetrics, sum } from './parse.ts';

test('the first 200 models stand for themselves', async () => {
  const metrics = new Metrics();
  for (let i = 0; i < 1_000; i++) metrics.happened(happeningWith({ model: `model-${i}` }));
  for (let i = 0; i < 200; i++) metrics.happened(happeningWith({ model: `model-${i}` }));
  const samples = parseMetrics(await metrics.render());
  const tokens = samples.filter(
    ({ name, labels }) => name === 'aifd_tokens_total' && labels['type'] === 'input',
  );
  expect(new Set(tokens.map(({ labels }) => labels['model'])).size).toBe(201);
  expect(sum(tokens, 'aifd_tokens_total', { model: 'other' })).toBe(800 * 12);
  expect(sum(tokens, 'aifd_tokens_total', { model: 'model-199' })).toBe(2 * 12);
});

test('models that are not there do not push out those that are', () => {
  const names = new BoundedNames(200);
  for (let i = 0; i < 10_000; i++) names.label(`made-up-${i}`, false);
  expect(names.label('gpt-4o', true)).toBe('gpt-4o');
  expect(names.label('gpt-4o', false)).toBe('gpt-4o');
  expect(names.label('made-up-49', false)).toBe('made-up-49');
  expect(names.label('made-up-50', false)).toBe('other');
});

test('whatever methods, routes and statuses come, a scrape stays of some size', async () => {
  const metrics = new Metrics();
  for (let i = 0; i < 20_000; i++) {
    metrics.happened(happeningWith({ method: `M${i % 50}`, route: `/r${i}`, status: 200 + (i % 700) }));
  }
  const text = await metrics.render();
  const samples = parseMetrics(text);
  expect(samples.filter(({ name }) => name === 'aifd_requests_total').length).toBeLessThanOrEqual(2_001);
  expect(sum(samples, 'aifd_requests_total')).toBe(20_000);
  expect(sum(samples, 'aifd_requests_total', { method: 'other' })).toBe(20_000);
  expect(new Set(samples.map(({ labels }) => labels['route'])).size).toBeLessThanOrEqual(102);
  expect(text.length).toBeLessThan(2_000_000);
});

test('more combinations than there is room for are one', () => {
  const family = counters({ name: 'x', help: 'x', type: 'counter', labels: ['a', 'b'] });
  for (let i = 0; i < 5_000; i++) family.with(String(i), 'b').value++;
  family.with('7', 'b').value++;
  const { series } = family.snapshot();
  expect(series.length).toBe(2_001);
  expect(series.find(({ labels }) => labels[0] === 'other')).toEqual({
    labels: ['other', 'other'],
    values: [3_000],
  });
  expect(series.find(({ labels }) => labels[0] === '7')!.values).toEqual([2]);
});

test('names that would break the text, or be the same in it, are one series', async () => {
  const metrics = new Metrics();
  const models = [
    'a"b',
    'a\\b',
    'a\nb',
    '\ud800',
    '\udc00',
    'a\rb',
    'x\u2028',
    '\0',
    '',
    'other',
    '中文',
    '{a="b"}',
  ];
  for (const model of models) metrics.happened(happeningWith({ model }));
  const text = Buffer.from(await metrics.render()).toString();
  const found = new Set(parseMetrics(text).map(({ labels }) => labels['model']));
  for (const model of ['a"b', 'a\\b', '\ufffd', 'a\ufffdb', 'x\ufffd', '', 'other', '中文', '{a="b"}'])
    expect(found).toContain(model);
});
