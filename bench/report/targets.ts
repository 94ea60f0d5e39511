import type { Figure, Row } from './result.ts';

/** What the project wants of itself. */
interface Target {
  text: string;
  /** Undefined where the result has no figure for it. */
  reached(rows: readonly Row[]): number | undefined;
  wanted: number;
  better: 'more' | 'less';
  unit: string;
}

/** A target, and what a run says of it. */
export interface Reached extends Omit<Target, 'reached'> {
  /** Undefined: not measured in this run. */
  value: number | undefined;
  isMet: boolean | undefined;
}

const JSON32 = 'json-c32';
const SSE32 = 'sse50-c32';

const limit = (text: string, contender: string, scenario: string, wanted: number): Target => ({
  text: `${text}, CPU against HAProxy's`,
  reached: (rows) => valueOf(rows, scenario, contender, 'cpuToHaproxy'),
  wanted,
  better: 'less',
  unit: '×',
});

const added = (text: string, contender: string): Target => ({
  text: `${text}: added p50 at one connection`,
  reached: (rows) => times(valueOf(rows, 'json-c1', contender, 'addedP50'), 1000),
  wanted: 150,
  better: 'less',
  unit: 'µs',
});

const memory = (text: string, contender: string): Target => ({
  text: `${text}: memory with 4,000 open streams, pages of files left out`,
  reached: (rows) => ownMemory(rows, contender),
  wanted: 150,
  better: 'less',
  unit: 'MB',
});

/** @param everything - the name of aifd with everything on */
function targets(everything: string): readonly Target[] {
  const rival = (name: string, contender: string, wanted: number): Target[] => {
    const target = (text: string, ours: string, theirs: string): Target => ({
      text: `${text}, JSON: CPU less than ${name}'s`,
      reached: (rows) => between(rows, JSON32, theirs, ours, 'cpu'),
      wanted,
      better: 'more',
      unit: '×',
    });
    return [
      target('Bare beside bare', 'aifd', contender),
      target('Everything on beside features on', everything, `${contender}+features`),
    ];
  };
  return [
    limit('Everything on: JSON', everything, JSON32, 2.5),
    limit('Everything on: SSE of 50 events', everything, SSE32, 1.4),
    limit('Everything on: a cache hit', everything, 'hits-json-c32', 1),
    limit('Cache alone on: a cache hit', 'aifd+cache', 'hits-json-c32', 1),
    limit('Bare: JSON', 'aifd', JSON32, 2),
    limit('Bare: SSE of 50 events', 'aifd', SSE32, 1.2),
    ...rival('openai-forward', 'openai-forward', 20),
    ...rival('Portkey', 'portkey', 20),
    ...rival('LiteLLM', 'litellm', 150),
    {
      text: 'Two workers against one: requests/s, JSON (wants processors that load and upstream leave alone)',
      reached: (rows) => between(rows, 'workers-json-c32', 'aifd-2workers', 'aifd-1worker', 'rate'),
      wanted: 1.7,
      better: 'more',
      unit: '×',
    },
    added('Bare', 'aifd'),
    added('Everything on', everything),
    memory('Bare', 'aifd'),
    memory('Everything on', everything),
  ];
}

/** Each target with what the run reached. */
export function reachedTargets(rows: readonly Row[], everything: string): Reached[] {
  return targets(everything).map(({ reached, text, wanted, better, unit }) => {
    const value = reached(rows);
    return { text, wanted, better, unit, value, isMet: isMet(value, wanted, better) };
  });
}

function isMet(value: number | undefined, wanted: number, better: Target['better']): boolean | undefined {
  if (value === undefined) return undefined;
  return better === 'more' ? value >= wanted : value <= wanted;
}

function valueOf(
  rows: readonly Row[],
  scenario: string,
  contender: string,
  figure: Figure,
): number | undefined {
  return rows.find((row) => row.scenario === scenario && row.contender === contender)?.median[figure];
}

/** How many times the figure of the second the first has. */
function between(
  rows: readonly Row[],
  scenario: string,
  first: string,
  second: string,
  figure: Figure,
): number | undefined {
  const [one, other] = [first, second].map((name) => valueOf(rows, scenario, name, figure));
  return one === undefined || other === undefined ? undefined : one / other;
}

function ownMemory(rows: readonly Row[], contender: string): number | undefined {
  const all = valueOf(rows, 'open-4000', contender, 'rss');
  const file = valueOf(rows, 'open-4000', contender, 'rssFile');
  return all === undefined || file === undefined ? undefined : all - file;
}

const times = (value: number | undefined, factor: number): number | undefined =>
  value === undefined ? undefined : value * factor;
