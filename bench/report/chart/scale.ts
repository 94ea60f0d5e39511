/** An axis: where a value lies on it, from 0 to 1, and which values are marked. */
export interface Scale {
  kind: 'linear' | 'log';
  at(value: number): number;
  ticks: readonly number[];
}

/** Where the largest is so many times the smallest, a linear axis hides the small ones. */
const LOG_FROM = 20;

/** Whether these need a logarithmic axis. Values that none can show, 0 and below, have no say. */
export function needsLog(values: readonly number[]): boolean {
  const shown = values.filter((value) => value > 0);
  return shown.length > 1 && Math.max(...shown) / Math.min(...shown) > LOG_FROM;
}

/** An axis from 0 to a little over the largest. */
export function linear(values: readonly number[]): Scale {
  const most = Math.max(0, ...values);
  const step = niceStep(most || 1);
  const end = Math.max(step, Math.ceil((most * 1.02) / step) * step);
  const count = Math.round(end / step);
  const ticks = Array.from({ length: count + 1 }, (_, i) => round(i * step));
  return { kind: 'linear', at: (value) => clamp(value / end), ticks };
}

/** An axis of whole powers of ten around the values; what it can't show lies at its start. */
export function log(values: readonly number[]): Scale {
  const shown = values.filter((value) => value > 0);
  const least = Math.floor(Math.log10(Math.min(...shown, Infinity)) - 0.05);
  const most = Math.max(Math.ceil(Math.log10(Math.max(...shown))), least + 1);
  const ticks = Array.from({ length: most - least + 1 }, (_, i) => round(10 ** (least + i)));
  return {
    kind: 'log',
    at: (value) => (value > 0 ? clamp((Math.log10(value) - least) / (most - least)) : 0),
    ticks,
  };
}

/** 1, 2 or 5 times a power of ten: four to eight of them reach `most`. */
function niceStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const times = [1, 2, 5, 10].find((one) => most / (one * power) <= 6) ?? 10;
  return times * power;
}

const clamp = (share: number): number => Math.min(1, Math.max(0, share));
const round = (value: number): number => Number(value.toPrecision(12));
