import type { Running } from '../contenders/contender.ts';
import type { LoadOrder, LoadReport } from '../load/order.ts';
import { runLoad } from '../load/run.ts';
import { CpuMeter } from '../measure/cpu.ts';
import { residentBytes } from '../measure/memory.ts';
import type { Sample } from '../report/result.ts';

/** One thing that is measured. */
export interface Scenario {
  /** Stable: what results of different days are compared by. */
  id: string;
  title: string;
  /** What `--only` takes. */
  group: 'json' | 'sse' | 'starts' | 'open' | 'limits' | 'cache';
  /** Whether the contender of this name takes part. */
  among(name: string): boolean;
  /** Rounds at most, and times a round. */
  rounds: number;
  repeats: number;
  /** @param share scales the work of a quick run. */
  order(running: Running, expected: string, share: number): LoadOrder;
}

const some =
  (...names: string[]): Scenario['among'] =>
  (name) =>
    names.includes(name);
const proxies = some('direct', 'haproxy', 'aifd');
const usual = { among: proxies, rounds: 3, repeats: 1 };
const pathOf = ({ prefix = '' }: Running): string => `${prefix}/v1/chat/completions`;

/** Everything that the bench measures, in its order. */
export const scenarios: readonly Scenario[] = [
  // First: later aifd alone has had more to do than its rivals, and is compiled further.
  limits(json(1, 2000)),
  limits(json(32, 10_000)),
  cacheHits(json(1, 3000)),
  cacheHits(json(32, 16_000)),
  cacheHits(sse('sse50-c32', 'SSE 50 events, no interval, 32 connections', '?chunks=50', 1200)),
  cacheMisses(json(32, 10_000)),
  cacheMisses(sse('sse50-c32', 'SSE 50 events, no interval, 32 connections', '?chunks=50', 1200)),
  json(1, 3000),
  json(32, 16_000),
  sse('sse50-c32', 'SSE 50 events, no interval, 32 connections', '?chunks=50', 1200),
  sse('sse50-2ms-c32', 'SSE 50 events, 2 ms apart, 32 connections', '?chunks=50&interval=2', 640),
  starts('starts', 1000, 3000, 2),
  // Long, and its figures differ little from round to round.
  starts('open', 4000, 6000, 1),
];

/** What limits add is a small difference: it is measured more often, and only on aifd. */
function limits(scenario: Scenario): Scenario {
  const named = { id: `limits-${scenario.id}`, title: `Limits: ${scenario.title}` };
  return {
    ...scenario,
    ...named,
    group: 'limits',
    among: some('aifd', 'aifd+limits', 'aifd+redis'),
    repeats: 2,
  };
}

/** The same question again and again, beside one that forwards it. */
function cacheHits(scenario: Scenario): Scenario {
  const named = { id: `hits-${scenario.id}`, title: `Cache hits: ${scenario.title}` };
  return { ...scenario, ...named, group: 'cache', among: some('haproxy', 'aifd', 'aifd+cache') };
}

/** A new question each time, each answer kept. */
function cacheMisses(scenario: Scenario): Scenario {
  const order: Scenario['order'] = (...given) =>
    ({ ...scenario.order(...given), distinct: true }) as LoadOrder;
  const named = { id: `misses-${scenario.id}`, title: `Cache misses: ${scenario.title}` };
  return { ...scenario, ...named, group: 'cache', among: some('aifd', 'aifd+cache'), repeats: 2, order };
}

function json(connections: number, requests: number): Scenario {
  return {
    ...usual,
    group: 'json',
    id: `json-c${connections}`,
    title: `JSON, ${connections} connection${connections > 1 ? 's' : ''}`,
    order: (running, expected, share) => {
      const amount = Math.ceil(requests * share);
      return {
        kind: 'json',
        target: { port: running.port, path: pathOf(running) },
        connections,
        requests: amount,
        expected,
      };
    },
  };
}

function sse(id: string, title: string, query: string, requests: number): Scenario {
  return {
    ...usual,
    among: some('direct', 'haproxy', 'haproxy+nodelay', 'aifd'),
    group: 'sse',
    id,
    title,
    order: (running, _expected, share) => {
      const target = { port: running.port, path: pathOf(running) + query, events: 50 };
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
    id: `${group}-${connections}`,
    title: `${connections.toLocaleString('en')} streams at once, open for ${hold / 1000} s`,
    order: (running) => {
      const target = { port: running.port, path: `${pathOf(running)}?chunks=2&interval=${hold}`, events: 2 };
      return { kind: 'starts', target, connections };
    },
  };
}

/** Brings code to its compiled state and connections up, outside of any measure. */
export async function warmUp(running: Running, expected: string): Promise<void> {
  const target = { port: running.port, path: pathOf(running) };
  await runLoad({ kind: 'json', target, connections: 32, requests: 12_000, expected });
  const sseTarget = { port: running.port, path: `${pathOf(running)}?chunks=50`, events: 50 };
  await runLoad({ kind: 'sse', target: sseTarget, connections: 32, requests: 400 });
}

/** Runs one scenario on one contender. @throws Error when an answer was not whole. */
export async function measure(
  scenario: Scenario,
  running: Running,
  expected: string,
  share: number,
): Promise<Sample> {
  const pid = running.child?.pid;
  const meter = pid === undefined ? undefined : new CpuMeter(pid);
  let rss: number | undefined;
  const remember = (): void => {
    if (pid !== undefined) rss ??= residentBytes(pid);
  };
  const report = await runLoad(scenario.order(running, expected, share), remember).finally(() => remember());
  const microseconds = meter?.stop();
  return toSample(report, microseconds, rss);
}

function toSample(report: LoadReport, microseconds: number | undefined, rss: number | undefined): Sample {
  const { requests, seconds, p50, p99, first50, first99, allStarted } = report;
  const cpu = microseconds === undefined ? undefined : microseconds / requests;
  const memory = rss === undefined ? undefined : rss / 1e6;
  // Where streams are held open, their length and rate are the upstream's choice, not a result.
  if (allStarted !== undefined) return { first50, first99, allStarted, cpu, rss: memory };
  return { rate: requests / seconds, p50, p99, first50, first99, cpu, rss: memory };
}
