import { barChart, type Bar, type Kind, type Panel } from './chart/bars.ts';
import type { Figure, Result, Row } from './result.ts';

/** One figure in one scenario. */
interface PanelOf {
  scenario: string;
  figure: Figure;
  title?: string;
}

/** What a chart shows. */
interface ChartOf {
  title: string;
  axis: string;
  unit: string;
  /** From the unit that figures are kept in. @default 1 */
  factor?: number;
  panels: readonly PanelOf[];
}

const charts: Record<string, ChartOf> = {
  cpu: {
    title: 'CPU time a request',
    axis: 'Microseconds of CPU of the whole process tree; less is better',
    unit: 'µs',
    panels: [
      { scenario: 'json-c32', figure: 'cpu' },
      { scenario: 'sse50-c32', figure: 'cpu' },
      { scenario: 'hits-json-c32', figure: 'cpu' },
    ],
  },
  throughput: {
    title: 'Throughput',
    axis: 'Requests a second on one processor, load and upstream on another; more is better',
    unit: '/s',
    panels: [
      { scenario: 'json-c32', figure: 'rate' },
      { scenario: 'json-c256', figure: 'rate' },
      { scenario: 'sse50-c32', figure: 'rate' },
    ],
  },
  latency: {
    title: 'Added latency',
    axis: 'Microseconds over the direct way, at the median; less is better',
    unit: 'µs',
    factor: 1000,
    panels: [
      { scenario: 'json-c1', figure: 'addedP50' },
      { scenario: 'sse50-c1', figure: 'addedFirst50', title: 'SSE, 1 connection: to the first byte' },
      { scenario: 'sse50-2ms-c32', figure: 'addedFirst50', title: 'SSE, 32 connections: to the first byte' },
    ],
  },
  memory: {
    title: 'Memory',
    axis: 'Resident megabytes of the whole process tree; less is better',
    unit: 'MB',
    panels: [
      { scenario: 'start', figure: 'rssAtRest', title: 'At rest' },
      { scenario: 'json-c32', figure: 'rss', title: 'Under JSON, 32 connections' },
      { scenario: 'open-4000', figure: 'rss', title: 'With 4,000 open streams' },
    ],
  },
  start: {
    title: 'Start',
    axis: 'Milliseconds from the start of the process to its first answer; less is better',
    unit: 'ms',
    panels: [{ scenario: 'start', figure: 'start', title: 'On files that were read before' }],
  },
  streams: {
    title: 'Many streams at once',
    axis: 'Milliseconds until all streams have their first event; less is better',
    unit: 'ms',
    panels: [
      { scenario: 'starts-1000', figure: 'allStarted' },
      { scenario: 'open-4000', figure: 'allStarted' },
    ],
  },
};

/** A chart as it is kept and shown. */
export interface Drawn {
  name: string;
  title: string;
  svg: string;
}

/** The charts that a result has figures for. */
export function drawCharts({ rows }: Pick<Result, 'rows'>): Drawn[] {
  return Object.entries(charts).flatMap(([name, chart]) => {
    const panels = chart.panels.flatMap((panel) => panelOf(panel, rows, chart.factor ?? 1));
    if (panels.length === 0) return [];
    const { title, axis, unit } = chart;
    return [{ name, title, svg: barChart({ title, axis, unit, panels }) }];
  });
}

function panelOf({ scenario, figure, title }: PanelOf, rows: readonly Row[], factor: number): Panel[] {
  const own = rows.filter((row) => row.scenario === scenario && row.median[figure] !== undefined);
  // One alone is compared with nothing.
  if (own.length < 2) return [];
  const bars = own.map((row) => barOf(row, figure, factor));
  const isMore = figure === 'rate';
  return [
    {
      title: title ?? own[0]!.title,
      bars: bars.toSorted((a, b) => (isMore ? b.value - a.value : a.value - b.value)),
    },
  ];
}

function barOf(row: Row, figure: Figure, factor: number): Bar {
  const spread = row.spread[figure];
  const times = figure === 'cpu' && row.contender !== 'haproxy' ? row.median.cpuToHaproxy : undefined;
  return {
    label: row.contender,
    kind: kindOf(row),
    value: row.median[figure]! * factor,
    spread: spread && [spread[0] * factor, spread[1] * factor],
    note: times === undefined ? undefined : `${times.toFixed(times < 10 ? 2 : 0)} × HAProxy`,
  };
}

/** By the contender's name: how charts colour it, and whom it is compared with. */
export function kindOf({ contender, features }: Pick<Row, 'contender' | 'features'>): Kind {
  if (contender === 'direct') return 'direct';
  if (contender.startsWith('aifd')) return features === 'off' ? 'aifd' : 'aifd-on';
  return /^(?:haproxy|nginx|bun-floor)/.test(contender) ? 'limit' : 'peer';
}
