import type { Contender, Name } from './contenders.ts';
import { CpuMeter, residentBytes } from './cpu.ts';
import { runLoad } from './load.ts';
import type { LoadOrder, LoadReport } from './load.ts';

/** One thing that is measured. `share` scales the work of a quick run. */
export interface Scenario {
  /** What `--only` takes. */
  group: 'json' | 'sse' | 'starts' | 'open' | 'limits' | 'cache';
  name: string;
  /** Who takes part. */
  among: readonly Name[];
  /** Rounds at most, and times a round. */
  rounds: number;
  repeats: number;
  order(contender: Contender, expected: string, share: number): LoadOrder;
}

/** What one run of one scenario gave; times in milliseconds, `cpu` in microseconds a request, `rss` in bytes. */
export interface Sample {
  rate: number;
  p50: number;
  p99: number;
  first50?: number;
  first99?: number;
  allStarted?: number;
  cpu?: number;
  rss?: number;
}

const proxies: readonly Name[] = ['direct', 'haproxy', 'aifd'];
const usual = { among: proxies, rounds: 3, repeats: 1 };
const path = '/v1/chat/completions';

/** Everything that the bench measures, in its order. */
export const scenarios: readonly Scenario[] = [
  // First: later aifd alone has had more to do than its rivals, and is compiled further.
  limits(json(1, 2000)),
  limits(json(32, 10_000)),
  cacheHits(json(1, 3000)),
  cacheHits(json(32, 16_000)),
  cacheHits(sse('SSE 50 events, no interval, 32 connections', '?chunks=50', 1200)),
  cacheMisses(json(32, 10_000)),
  cacheMisses(sse('SSE 50 events, no interval, 32 connections', '?chunks=50', 1200)),
  json(1, 3000),
  json(32, 16_000),
  sse('SSE 50 events, no interval, 32 connections', '?chunks=50', 1200),
  sse('SSE 50 events, 2 ms apart, 32 connections', '?chunks=50&interval=2', 640),
  starts('starts', 1000, 3000, 2),
  // Long, and its figures differ little from round to round.
  starts('open', 4000, 6000, 1),
];

/** What limits add is a small difference: it is measured more often, and only on aifd. */
function limits(scenario: Scenario): Scenario {
  const name = `Limits: ${scenario.name}`;
  return { ...scenario, group: 'limits', name, among: ['aifd', 'aifd+limits', 'aifd+redis'], repeats: 2 };
}

/** The same question again and again, beside one that forwards it. */
function cacheHits(scenario: Scenario): Scenario {
  const name = `Cache hits: ${scenario.name}`;
  return { ...scenario, group: 'cache', name, among: ['haproxy', 'aifd', 'aifd+cache'] };
}

/** A new question each time, each answer kept. */
function cacheMisses(scenario: Scenario): Scenario {
  const order: Scenario['order'] = (...given) =>
    ({ ...scenario.order(...given), distinct: true }) as LoadOrder;
  const name = `Cache misses: ${scenario.name}`;
  return { ...scenario, group: 'cache', name, among: ['aifd', 'aifd+cache'], repeats: 2, order };
}

function json(connections: number, requests: number): Scenario {
  return {
    ...usual,
    group: 'json',
    name: `JSON, ${connections} connection${connections > 1 ? 's' : ''}`,
    order: ({ port }, expected, share) => {
      const amount = Math.ceil(requests * share);
      return { kind: 'json', target: { port, path }, connections, requests: amount, expected };
    },
  };
}

function sse(name: string, query: string, requests: number): Scenario {
  return {
    ...usual,
    among: ['direct', 'haproxy', 'haproxy+nodelay', 'aifd'],
    group: 'sse',
    name,
    order: ({ port }, _expected, share) => {
      const target = { port, path: path + query, events: 50 };
      return { kind: 'sse', target, connections: 32, requests: Math.ceil(requests * share) };
    },
  };
}

/** Streams that are all opened at once: a first event at once, the second `hold` milliseconds later. */
function starts(group: 'starts' | 'open', connections: number, hold: number, rounds: number): Scenario {
  return {
    ...usual,
    rounds,
    group,
    name: `${connections.toLocaleString('en')} streams at once, open for ${hold / 1000} s`,
    order: ({ port }) => {
      const target = { port, path: `${path}?chunks=2&interval=${hold}`, events: 2 };
      return { kind: 'starts', target, connections };
    },
  };
}

/** Brings code to its compiled state and connections up, outside of any measure. */
export async function warmUp(contender: Contender, expected: string): Promise<void> {
  const target = { port: contender.port, path };
  await runLoad({ kind: 'json', target, connections: 32, requests: 12_000, expected });
  const sseTarget = { port: contender.port, path: `${path}?chunks=50`, events: 50 };
  await runLoad({ kind: 'sse', target: sseTarget, connections: 32, requests: 400 });
}

/** Runs one scenario on one contender. @throws Error when an answer was not whole. */
export async function measure(
  scenario: Scenario,
  contender: Contender,
  expected: string,
  share: number,
): Promise<Sample> {
  const pid = contender.child?.pid;
  const meter = pid === undefined ? undefined : new CpuMeter(pid);
  let rss: number | undefined;
  const remember = (): void => {
    if (pid !== undefined) rss ??= residentBytes(pid);
  };
  const report = await runLoad(scenario.order(contender, expected, share), remember).finally(() =>
    remember(),
  );
  const microseconds = meter?.stop();
  return toSample(report, microseconds, rss);
}

function toSample(report: LoadReport, microseconds: number | undefined, rss: number | undefined): Sample {
  const { requests, seconds, p50, p99, first50, first99, allStarted } = report;
  const cpu = microseconds === undefined ? undefined : microseconds / requests;
  return { rate: requests / seconds, p50, p99, first50, first99, allStarted, cpu, rss };
}

/** The median of each figure over the rounds. */
export function medians(samples: readonly Sample[]): Sample {
  const of = (name: keyof Sample): number | undefined => {
    const values = samples.map((sample) => sample[name]).filter((value) => value !== undefined);
    return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
  };
  return {
    rate: of('rate') ?? 0,
    p50: of('p50') ?? 0,
    p99: of('p99') ?? 0,
    first50: of('first50'),
    first99: of('first99'),
    allStarted: of('allStarted'),
    cpu: of('cpu'),
    rss: of('rss'),
  };
}
