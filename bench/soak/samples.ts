import { readdirSync } from 'node:fs';
import { residentBytes } from '../measure/memory.ts';
import { processTree } from '../measure/tree.ts';
import { percentile } from '../measure/percentile.ts';

/** What a process holds, over time: resident bytes and open descriptors, its children's included. */
export class Samples {
  readonly rss: number[] = [];
  readonly descriptors: number[] = [];
  readonly #timer: Timer;

  constructor(private readonly pid: number) {
    this.#timer = setInterval(() => this.#take(), 1000);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #take(): void {
    const rss = residentBytes(this.pid);
    if (rss === 0) return;
    this.rss.push(rss);
    this.descriptors.push(openDescriptors(this.pid));
  }
}

function openDescriptors(pid: number): number {
  let sum = 0;
  for (const one of processTree(pid)) {
    try {
      sum += readdirSync(`/proc/${one}/fd`).length;
    } catch {
      // It ended meanwhile.
    }
  }
  return sum;
}

/** The medians of the second and of the last fifth: the first fifth is for warming up. */
export function fifths(values: readonly number[]): { second: number; last: number } {
  const size = values.length / 5;
  const median = (from: number): number =>
    percentile(values.slice(Math.floor(from * size), Math.ceil((from + 1) * size)), 0.5);
  return { second: median(1), last: median(4) };
}

/** Grown by no more than a tenth, and a little that small numbers vary by. */
export function isFlat({ second, last }: { second: number; last: number }, slack: number): boolean {
  return last <= second * 1.1 + slack;
}
