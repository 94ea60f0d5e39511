import { expect, test } from 'bun:test';
import { WorkersMetrics } from '../../src/record/metrics/gather.ts';
import { Ledger } from '../../src/record/metrics/ledger.ts';
import { Metrics } from '../../src/record/metrics/metrics.ts';
import { happeningWith } from './happening.ts';
import { parseMetrics, sum } from './parse.ts';

/** What a worker of this process id has counted, as others hear it. */
function partOf(pid: number, turn: number, requests: number, model = 'gpt-4o') {
  const metrics = new Metrics({ openStreams: () => 7 });
  for (let i = 0; i < requests; i++) metrics.happened(happeningWith({ durationMs: 1_000, model }));
  return { id: `${pid}-x`, turn, snapshot: metrics.snapshot() };
}

const scraped = async (ledger: Ledger) => {
  const all = new WorkersMetrics(new Metrics(), {
    server: 's',
    sockets: async () => [],
    ledger: { exchange: async (parts) => ledger.exchange(parts) },
  });
  return parseMetrics(await all.render());
};

test('what a dead worker had counted stays, its gauges go', async () => {
  const ledger = new Ledger();
  ledger.exchange([partOf(11, 1, 3), partOf(12, 1, 2)]);
  ledger.ended(11);
  const samples = await scraped(ledger);
  expect(sum(samples, 'aifd_requests_total')).toBe(5);
  expect(sum(samples, 'aifd_request_duration_seconds_count')).toBe(5);
  expect(sum(samples, 'aifd_open_streams')).toBe(0);
  expect(sum(samples, 'aifd_workers')).toBe(1);
});

test('of one worker the latest word counts, in whatever order words come', async () => {
  const ledger = new Ledger();
  ledger.exchange([partOf(11, 2, 4)]);
  ledger.exchange([partOf(11, 1, 3)]);
  expect(sum(await scraped(ledger), 'aifd_requests_total')).toBe(4);
  ledger.ended(11);
  // Somebody had asked it just before.
  ledger.exchange([partOf(11, 3, 6)]);
  expect(sum(await scraped(ledger), 'aifd_requests_total')).toBe(6);
});

test('who answers is counted once', () => {
  const ledger = new Ledger();
  ledger.exchange([partOf(11, 1, 3)]);
  expect(ledger.exchange([partOf(11, 2, 3), partOf(12, 1, 1)])).toEqual([]);
  expect(ledger.exchange([partOf(12, 2, 1)]).map(({ id }) => id)).toEqual(['11-x']);
});

test('of a hundred dead workers no count is lost, and their late words change nothing', async () => {
  const ledger = new Ledger();
  for (let pid = 1; pid <= 100; pid++) {
    ledger.exchange([partOf(pid, 1, 2, `m${pid % 3}`)]);
    ledger.ended(pid);
  }
  ledger.exchange([partOf(1, 9, 50)]);
  expect(ledger.exchange([]).length).toBeLessThan(12);
  const samples = await scraped(ledger);
  expect(sum(samples, 'aifd_requests_total')).toBe(200);
  expect(sum(samples, 'aifd_tokens_total', { model: 'm1', type: 'input' })).toBe(34 * 2 * 12);
});
