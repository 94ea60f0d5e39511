import { linear, log, needsLog, type Scale } from './scale.ts';
import { element, escape, picture, text } from './svg.ts';

/** What a bar stands for: its colour. */
export type Kind = 'direct' | 'limit' | 'aifd' | 'aifd-on' | 'peer';

export interface Bar {
  label: string;
  kind: Kind;
  value: number;
  /** The least and the greatest of the rounds. */
  spread?: readonly [number, number] | undefined;
  /** Behind the value. */
  note?: string | undefined;
}

/** Bars on one axis. */
export interface Panel {
  title: string;
  bars: readonly Bar[];
}

export interface Chart {
  title: string;
  /** What the axes count, and which way is better. */
  axis: string;
  unit: string;
  panels: readonly Panel[];
}

const WIDTH = 800;
const LEFT = 176;
/** Beside the axis there is room for values and notes. */
const RIGHT = WIDTH - 168;
const ROW = 23;
const HEAD = 92;
const PANEL_HEAD = 26;
const AXIS = 34;

const legends: Record<Kind, string> = {
  direct: 'no proxy',
  limit: 'the limit: written in C, or the bare runtime',
  aifd: 'aifd, bare',
  'aifd-on': 'aifd with features on',
  peer: 'its peers',
};

/** A chart as SVG: horizontal bars, or points on a logarithmic axis, where lengths would mean nothing. */
export function barChart(chart: Chart): string {
  const { title, axis, panels } = chart;
  // One kind of axis for all panels: else the eye compares what it can't.
  const isLog = panels.some(({ bars }) => needsLog(bars.map(({ value }) => value)));
  const parts: string[] = [
    text(24, 34, title, { class: 'title' }),
    text(24, 55, `${axis}${isLog ? '; logarithmic axis' : ''}`, { class: 'soft' }),
    ...legend(panels.flatMap(({ bars }) => bars)),
  ];
  let y = HEAD;
  for (const panel of panels) {
    parts.push(...drawPanel(panel, y, isLog, chart.unit));
    y += heightOf(panel);
  }
  return picture({ width: WIDTH, height: y + 6, title, description: describe(chart) }, parts);
}

const heightOf = ({ bars }: Panel): number => PANEL_HEAD + bars.length * ROW + AXIS;

function legend(bars: readonly Bar[]): string[] {
  const kinds = (Object.keys(legends) as Kind[]).filter((kind) => bars.some((bar) => bar.kind === kind));
  let x = 24;
  return kinds.flatMap((kind) => {
    const at = x;
    x += 26 + legends[kind].length * 6.4 + 14;
    return [
      element('rect', { class: kind, x: at, y: 67, width: 10, height: 10, rx: 2 }),
      text(at + 16, 76, legends[kind], { class: 'soft small' }),
    ];
  });
}

function drawPanel({ title, bars }: Panel, top: number, isLog: boolean, unit: string): string[] {
  // Whiskers must fit as well.
  const values = bars.flatMap(({ value, spread }) => [value, ...(spread ?? [])]);
  const scale = isLog ? log(values) : linear(values);
  const end = top + PANEL_HEAD + bars.length * ROW;
  return [
    text(24, top + 14, title, { class: 'panel' }),
    ...scale.ticks.flatMap((tick) => gridLine(tick, scale, top + PANEL_HEAD - 4, end, unit)),
    ...bars.flatMap((bar, row) => drawBar(bar, top + PANEL_HEAD + row * ROW, scale, unit)),
  ];
}

const xOf = (scale: Scale, value: number): number => LEFT + scale.at(value) * (RIGHT - LEFT);

function gridLine(tick: number, scale: Scale, top: number, end: number, unit: string): string[] {
  const x = xOf(scale, tick);
  const name = tick === scale.ticks.at(-1) ? `${short(tick)} ${unit}` : short(tick);
  return [
    element('line', { class: 'grid', x1: x, x2: x, y1: top, y2: end }),
    text(x, end + 15, name, { class: 'soft small middle' }),
  ];
}

function drawBar(
  { label, kind, value, spread, note }: Bar,
  top: number,
  scale: Scale,
  unit: string,
): string[] {
  const middle = top + ROW / 2 - 2;
  const end = xOf(scale, value);
  const isOwn = kind.startsWith('aifd');
  const mark =
    scale.kind === 'log'
      ? [
          element('line', { class: kind, x1: LEFT, x2: end, y1: middle, y2: middle, 'stroke-opacity': 0.45 }),
          // What is not above 0 has no place on it.
          ...(value > 0 ? [element('circle', { class: kind, cx: end, cy: middle, r: 5 })] : []),
        ]
      : [
          element('rect', {
            class: kind,
            x: LEFT,
            y: middle - 7,
            width: Math.max(1, end - LEFT),
            height: 14,
          }),
        ];
  const behind = Math.max(end + 9, spread ? xOf(scale, spread[1]) + 6 : 0);
  return [
    text(LEFT - 10, middle + 4.5, label, { class: isOwn ? 'end own' : 'end' }),
    ...mark,
    ...(spread ? [whisker(spread, middle, scale)] : []),
    element('text', { class: 'small', x: behind, y: middle + 4.5 }, [
      escape(`${figure(value)} ${unit}`),
      ...(note ? [element('tspan', { class: 'soft', dx: 9 }, [escape(note)])] : []),
    ]),
  ];
}

/** From the least to the greatest of the rounds. */
function whisker([least, most]: readonly [number, number], y: number, scale: Scale): string {
  const [from, to] = [xOf(scale, least), xOf(scale, most)];
  // It would be no more than a speck on its mark.
  if (to - from < (scale.kind === 'log' ? 14 : 3)) return '';
  const path = `M${from.toFixed(1)} ${y - 3}v6M${from.toFixed(1)} ${y}H${to.toFixed(1)}M${to.toFixed(1)} ${y - 3}v6`;
  return element('path', { class: 'spread', d: path });
}

/** Three digits that mean something. */
export function figure(value: number): string {
  if (value < 0) return `−${figure(-value)}`;
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 3 });
}

function short(tick: number): string {
  if (tick >= 1_000_000) return `${(tick / 1_000_000).toLocaleString('en')}M`;
  return tick >= 10_000 ? `${(tick / 1000).toLocaleString('en')}k` : tick.toLocaleString('en');
}

/** All that the picture shows, in words. */
function describe({ axis, unit, panels }: Chart): string {
  const told = panels.map(({ title, bars }) => {
    const list = bars.map(({ label, value }) => `${label} ${figure(value)} ${unit}`).join(', ');
    return `${title}: ${list}.`;
  });
  return `${axis}. ${told.join(' ')}`;
}
