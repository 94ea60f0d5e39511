import { describe, expect, test } from 'bun:test';
import { stages } from './stages.ts';
import { texts } from './texts.ts';

/**
 * Characters at the beginning; the text is doubled three times. `GROWTH=150000` runs it whole, in minutes. What takes the square of a length takes 64
 * times as long for eight times the text; it may take 24 times as long, for caches and the collector.
 */
const START = Number(process.env['GROWTH'] ?? 20_000);
const DOUBLINGS = 3;
const MOST_GROWTH = 24;
/** So short a time tells nothing. CPU milliseconds. */
const LEAST_TOLD = 100;

describe.each(Object.entries(stages))('%s', (_, stage) => {
  test.each(Object.entries(texts))('%s', (_name, textOf) => {
    const first = costOf(stage, textOf(START));
    const last = costOf(stage, textOf(START * 2 ** DOUBLINGS));
    if (last > LEAST_TOLD) expect(last / Math.max(first, 1)).toBeLessThan(MOST_GROWTH);
  });
});

/** The CPU time of this thread's best try; one is enough where it is short. Milliseconds. */
function costOf(stage: (text: string) => unknown, text: string): number {
  let best = Infinity;
  for (let tries = 0; tries < 4 && best > LEAST_TOLD / 10; tries++) {
    const before = process.cpuUsage();
    try {
      stage(text);
    } catch {
      // It refuses it.
    }
    best = Math.min(best, process.cpuUsage(before).user / 1000);
  }
  return best;
}
