import type { Connection } from './connection.ts';
import { leadIn } from './closed.ts';
import type { Load } from './load.ts';
import type { Report } from './order.ts';
import { Schedule } from './schedule.ts';
import { startTicker } from './ticker.ts';

/**
 * So many requests a second, whether answers come or not. Latency is counted from when a request was due: what a slow
 * answer holds up is part of what those behind it waited for.
 */
export async function runOpen(
  load: Load,
  rate: number,
  seconds: number,
  most: number,
): Promise<Partial<Report>> {
  const { measures } = load;
  const over = Promise.withResolvers<void>();
  const free: Connection[] = [];
  const waiting: number[] = [];
  const begin = performance.now() + 20;
  const schedule = new Schedule(begin, rate, Math.ceil(rate * seconds));
  const measuredFrom = begin + 1000 * seconds * leadIn;
  let [open, measured] = [0, 0];

  load.onAnswered = (connection, now) => {
    if (connection.due >= measuredFrom) {
      measured += 1;
      measures.all.record(now - connection.due);
    }
    if (connection.isGone) open -= 1;
    if (measures.requests === schedule.count) return over.resolve();
    const due = waiting.shift();
    if (connection.isGone) {
      if (due !== undefined) dispatch(due);
    } else if (due === undefined) free.push(connection);
    else connection.ask(due);
  };
  load.onStarted = (connection, now) => {
    if (connection.due >= measuredFrom) measures.first.record(now - connection.due);
  };
  function dispatch(due: number): void {
    for (let one = free.pop(); one; one = free.pop()) {
      if (!one.isGone) return one.ask(due);
      open -= 1;
    }
    if (open === most) return void waiting.push(due);
    open += 1;
    load.connect((connection) => connection.ask(due));
  }
  const ticker = startTicker(begin, 1000 / rate, schedule.count, () => {
    const now = performance.now();
    for (let due = schedule.next(now); due !== undefined; due = schedule.next(now)) {
      if (due >= measuredFrom) measures.late.record(now - due);
      dispatch(due);
    }
  });
  try {
    await load.until(over.promise);
  } finally {
    ticker.stop();
  }
  return { rate: (1000 * measured) / (performance.now() - measuredFrom) };
}
