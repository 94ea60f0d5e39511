import { atRate, burst, closed, question } from './patterns.ts';
import type { Group, Scenario } from './scenario.ts';

const usual = { rounds: Infinity, repeats: 1 };
const small = question();
const stream50 = question({ stream: true, wish: { chunks: 50 } });
const stream50slow = question({ stream: true, wish: { chunks: 50, interval: 2 } });
const stream1000 = question({ stream: true, wish: { chunks: 1000 } });
const prompt64k = question({ prompt: 65_536 });
const megabyte = question({ prompt: 1_000_000, wish: { size: 1_000_000 } });
const same = { distinct: false };

const mainNames = new Set(['direct', 'haproxy', 'aifd', 'aifd+all']);
const main: Scenario['among'] = ({ name, isPeer }) => isPeer === true || mainNames.has(name);
/** The floor of the runtime says something where forwarding is all that costs. */
const mainForJson: Scenario['among'] = (contender) => contender.name === 'bun-floor' || main(contender);
/** Small events alone may be held back, which is what its option is about. */
const mainForStreams: Scenario['among'] = (contender) =>
  contender.name === 'haproxy+nodelay' || mainForJson(contender);
const among: Partial<Record<Group, Scenario['among']>> = { json: mainForJson, sse: mainForStreams };

const rateTitle = 'JSON, 1,000 requests/s whatever comes back (half of what it can, where that is less)';
const counts = [1, 32, 256];
const connections = (count: number): string => (count === 1 ? '1 connection' : `${count} connections`);

function scenario(group: Group, id: string, title: string, work: Scenario['work']): Scenario {
  return { ...usual, group, id, title, among: among[group] ?? main, work };
}

/** One connection: each in turn waits for the other, so that nobody wants for a processor. */
function calm(count: number, one: Scenario): Scenario {
  return count === 1 ? { ...one, isUnplaced: true, addsLatency: true } : one;
}

function some(...names: string[]): Scenario['among'] {
  return ({ name }) => names.includes(name);
}

/** Everything that the bench measures, in its order. Prompts differ, unless a scenario is about those that don't. */
export const scenarios: readonly Scenario[] = [
  { ...usual, group: 'start', id: 'start', title: 'Start to first answer, memory at rest', among: main },
  // Early: later some have had more to do than others, and are compiled further.
  ...[1, 32].map((count) => limits(count)),
  ...[1, 32].map((count) => hits(count)),
  {
    ...usual,
    group: 'cache',
    id: 'hits-sse50-c32',
    title: 'Cache hits: SSE of 50 events, no interval, 32 connections',
    areHits: true,
    among: some('direct', 'haproxy', 'bun-floor-hit', 'aifd+cache', 'aifd+all'),
    work: closed({ ...stream50, ...same }, 32),
  },
  misses('json-c32', 'JSON, 32 connections', closed(small, 32)),
  misses('sse50-c32', 'SSE of 50 events, no interval, 32 connections', closed(stream50, 32)),
  ...counts.map((count) =>
    calm(count, scenario('json', `json-c${count}`, `JSON, ${connections(count)}`, closed(small, count))),
  ),
  scenario('large', 'json-64k-c32', 'JSON, prompts of 64 KB, 32 connections', closed(prompt64k, 32)),
  scenario('large', 'json-1mb-c8', 'JSON, 1 MB asked and 1 MB answered, 8 connections', closed(megabyte, 8)),
  ...counts.map((count) => {
    const title = `SSE of 50 events, no interval, ${connections(count)}`;
    return calm(count, scenario('sse', `sse50-c${count}`, title, closed(stream50, count)));
  }),
  {
    ...scenario(
      'sse',
      'sse50-2ms-c32',
      'SSE of 50 events, 2 ms apart, 32 connections',
      closed(stream50slow, 32),
    ),
    addsLatency: true,
  },
  scenario('sse', 'sse1000-c8', 'SSE of 1,000 events, no interval, 8 connections', closed(stream1000, 8)),
  {
    ...scenario('rate', 'json-rate1000', rateTitle, atRate(small, 1000, 1.6)),
    isUnplaced: true,
    addsLatency: true,
  },
  {
    ...usual,
    group: 'workers',
    id: 'workers-json-c32',
    title: workersTitle(navigator.hardwareConcurrency),
    among: some('aifd-1worker', 'aifd-2workers'),
    isUnplaced: true,
    work: closed(small, 32),
  },
  { ...scenario('starts', 'starts-1000', '1,000 streams at once', burst(1000, 800)), addsLatency: true },
  // Long, and its figures differ little from round to round.
  { ...scenario('open', 'open-4000', '4,000 open streams', burst(4000, 2500)), rounds: 1 },
];

function workersTitle(processors: number): string {
  const shared = processors < 4 ? `, load and upstream on the same ${processors} processors` : '';
  return `One worker and two: JSON, 32 connections${shared}`;
}

/** What limits add is a small difference: it is measured more often, and only on aifd. */
function limits(count: number): Scenario {
  return {
    ...usual,
    group: 'limits',
    id: `limits-json-c${count}`,
    title: `Limits: JSON, ${connections(count)}`,
    among: some('aifd', 'aifd+limits', 'aifd+redis'),
    repeats: 2,
    work: closed(small, count),
  };
}

/** The same question again and again, beside those that forward it. */
function hits(count: number): Scenario {
  return calm(count, {
    ...usual,
    group: 'cache',
    id: `hits-json-c${count}`,
    title: `Cache hits: JSON, ${connections(count)}`,
    areHits: true,
    among: some('direct', 'haproxy', 'bun-floor-hit', 'aifd+cache', 'aifd+all'),
    work: closed({ ...small, ...same }, count),
  });
}

/** A new question each time, each answer kept. */
function misses(id: string, title: string, work: Scenario['work']): Scenario {
  return {
    ...usual,
    group: 'cache',
    id: `misses-${id}`,
    title: `Cache misses: ${title}`,
    among: some('aifd', 'aifd+cache'),
    work,
  };
}
