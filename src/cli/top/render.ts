import { bucketsOf, type LiveRow } from '../../record/live/live-figures.ts';
import { quantile } from '../../store/usage/histogram.ts';
import { safeJson } from '../../text/terminal.ts';
import { columns } from '../cache/words.ts';
import { shownName, time } from '../stats/text.ts';
import { fitted, widthOf } from '../width.ts';
import type { Asked } from './ask.ts';

const whole = (value: number): string => value.toLocaleString('en');
const share = (part: number, all: number): string => (all === 0 ? '-' : `${Math.round((100 * part) / all)}%`);
const perSecond = (count: number, seconds: number): number =>
  seconds === 0 ? 0 : Math.round((10 * count) / seconds) / 10;

/** For programs: rates are a second's, times in ms; null: there is nothing to tell. */
export function jsonOf({ figures, pids, problems }: Asked, at: number): string {
  const { seconds, requests, lastSecond, open, limited, errors, hits, asked, tokens } = figures;
  const counts = bucketsOf(figures.durations);
  return safeJson({
    time: new Date(at).toISOString(),
    pids,
    seconds,
    requests,
    requestsPerSecond: perSecond(requests, seconds),
    lastSecond,
    open,
    p50Ms: quantile(counts, 0.5) ?? null,
    p99Ms: quantile(counts, 0.99) ?? null,
    hitRate: asked === 0 ? null : hits / asked,
    limited,
    errors,
    tokens,
    keys: figures.keys,
    targets: figures.targets,
    problems,
  });
}

/** One line, for a log. */
export function lineOf(all: Asked): string {
  const { figures, problems } = all;
  const { seconds, requests, lastSecond, open, limited, errors, hits, asked } = figures;
  const counts = bucketsOf(figures.durations);
  const parts = [
    `${perSecond(requests, seconds)} requests/s (last second ${whole(lastSecond)})`,
    `open ${whole(open)}`,
    `p50 ${time(quantile(counts, 0.5))}`,
    `p99 ${time(quantile(counts, 0.99))}`,
    `cache ${share(hits, asked)}`,
    `429s ${whole(limited)}`,
    `errors ${whole(errors)}`,
    ...problems,
  ];
  return parts.join(', ');
}

/** Columns of a line's figures. */
const FIGURES = 44;

/** A screen of so many lines and columns; none is longer. */
export function screenOf(all: Asked, height: number, width: number): string[] {
  const { figures, pids, problems } = all;
  const workers = pids.length === 1 ? 'process' : 'processes';
  // What tells the lines apart comes first: it is there where the terminal is too narrow for all.
  const widest = Math.max(12, width - FIGURES);
  const lines = [
    `aifd top: the last ${figures.seconds} s of ${pids.length} ${workers}, q to leave`,
    '',
    ...wrapped(lineOf({ ...all, problems: [] }), width),
    ...problems.map((line) => `! ${line}`),
  ];
  const left = Math.max(2, height - lines.length - 5);
  const targets = figures.targets.slice(0, Math.max(1, Math.floor(left / 3)));
  const keys = figures.keys.slice(0, Math.max(1, left - targets.length));
  lines.push(
    '',
    ...tableOf('TARGET', targets, figures.seconds, widest),
    '',
    ...tableOf('KEY', keys, figures.seconds, widest),
  );
  return lines.slice(0, height).map((line) => fitted(line, width, ''));
}

/** Broken between its parts. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const part of text.split(/(?<=, )/)) {
    if (line !== '' && widthOf((line + part).trimEnd()) > width) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += part;
  }
  return [...lines, line];
}

function tableOf(title: string, rows: readonly LiveRow[], seconds: number, widest: number): string[] {
  const cells = rows.map(({ name, requests, limited, errors, tokens }) => [
    fitted(shownName(name, title === 'KEY' ? 'key' : 'target'), widest),
    perSecond(requests, seconds).toFixed(1),
    whole(requests),
    whole(limited),
    whole(errors),
    whole(tokens),
  ]);
  return columns(
    [[title, 'REQ/S', 'REQUESTS', '429', 'ERRORS', 'TOKENS'], ...cells],
    new Set([1, 2, 3, 4, 5]),
  );
}
