import { expect, test } from 'bun:test';
import { Outlet } from '../../src/record/traces/outlet.ts';
import { openTraces } from '../../src/record/traces/traces.ts';
import { happeningWith } from '../metrics/happening.ts';
import { until } from '../support/until.ts';
import { startCollector } from './collector.ts';

test('nobody listens: said once, then nothing is made any more', async () => {
  const collector = startCollector();
  await collector.stop();
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const endpoint = collector.url.replace('http://', 'http://user:marked-secret@');
  const headers = { 'x-api-key': 'marked-secret' };
  const traces = await openTraces({ endpoint, headers, say, delayMs: 1, timeoutMs: 100, pauseMs: 60_000 });
  traces.happened(happeningWith());
  await until(() => said.length > 0, 'it is said');
  const before = process.cpuUsage();
  for (let i = 0; i < 100_000; i++) traces.happened(happeningWith({ durationMs: i }));
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 100_000).toBeLessThan(5);
  await traces.close();
  expect(said).toHaveLength(1);
  expect(said[0]).toStartWith("traces can't be delivered (");
  expect(said.join()).not.toContain('marked-secret');
});

test('it is tried again, and said when it is well', async () => {
  let isWell = false;
  await using collector = startCollector(() =>
    isWell ? new Response() : new Response('marked-secret', { status: 400, statusText: 'marked-secret' }),
  );
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const traces = await openTraces({ endpoint: collector.url, say, delayMs: 1, timeoutMs: 200, pauseMs: 10 });
  traces.happened(happeningWith({ id: 'lost' }));
  await until(() => said.length === 1, 'that it is gone');
  isWell = true;
  await until(() => {
    traces.happened(happeningWith({ id: 'again' }));
    return said.length === 2;
  }, 'that it is there again');
  await traces.close();
  expect(said).toEqual([
    "traces can't be delivered (status 400): they are dropped until they can be",
    'traces are taken again',
  ]);
  expect(collector.spans.every(({ attributes }) => attributes['aifd.request_id'] === 'again')).toBe(true);
});

test('while it is not known to be there again, few spans are made', async () => {
  const outcomes: ((result: { code: number; error?: Error }) => void)[] = [];
  const exporter = {
    export: (_: unknown, done: (result: { code: number; error?: Error }) => void) => void outcomes.push(done),
    shutdown: () => Promise.resolve(),
  };
  const said: string[] = [];
  let clock = 0;
  const outlet = new Outlet(
    exporter,
    (line) => said.push(line),
    10,
    () => clock,
  );
  const admitted = () => Array.from({ length: 1_000 }, () => outlet.admits()).filter(Boolean).length;
  for (let i = 0; i < 3; i++) {
    expect(admitted()).toBe(i === 0 ? 1_000 : 16);
    expect(admitted()).toBe(i === 0 ? 1_000 : 0);
    outlet.export([], () => {});
    outcomes.pop()!({ code: 1, error: new Error('Request timed out') });
    expect(admitted()).toBe(0);
    clock += 10 * 2 ** i - 1;
    expect(admitted()).toBe(0);
    clock += 1;
  }
  expect(admitted()).toBe(16);
  outlet.export([], () => {});
  outcomes.pop()!({ code: 0 });
  expect(admitted()).toBe(1_000);
  expect(said).toEqual([
    "traces can't be delivered (Request timed out): they are dropped until they can be",
    'traces are taken again',
  ]);
});

test('a collector that hangs holds no shutdown', async () => {
  const hanging = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Promise<Response>(() => {}) });
  const traces = await openTraces({
    endpoint: `http://127.0.0.1:${hanging.port}`,
    say: () => {},
    timeoutMs: 60_000,
  });
  for (let i = 0; i < 10_000; i++) traces.happened(happeningWith());
  const started = performance.now();
  await traces.close();
  expect(performance.now() - started).toBeLessThan(4_500);
  await hanging.stop(true);
});
