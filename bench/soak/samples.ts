import { readlinkSync } from 'node:fs';
import { list, processTree, read } from '../measure/tree.ts';
import { percentile } from '../measure/percentile.ts';

/** What is looked at, and what it may vary by without having grown. */
export const watched = {
  /** All that is resident, mapped files included. */
  memory: { title: 'memory, MB', slack: 4, digits: 1 },
  /** Without what is mapped from files: these are as large as their stores' caps. */
  anonymous: { title: 'of that without files, MB', slack: 4, digits: 1 },
  descriptors: { title: 'descriptors', slack: 8, digits: 0 },
  sockets: { title: 'of those sockets', slack: 8, digits: 0 },
  threads: { title: 'threads', slack: 2, digits: 0 },
} as const;
export type Watched = keyof typeof watched;

/** What a process holds, every second, its children's included. */
export class Samples {
  readonly values: Record<Watched, number[]> = {
    memory: [],
    anonymous: [],
    descriptors: [],
    sockets: [],
    threads: [],
  };
  /** The longest that this process itself was held up, ms: what timed out meanwhile is its own fault. */
  heldUp = 0;
  #due = performance.now() + 1000;
  readonly #timer: Timer;

  constructor(private readonly pid: number) {
    this.#timer = setInterval(() => this.#take(), 1000);
  }

  get seconds(): number {
    return this.values.memory.length;
  }

  last(of: Watched): number {
    return this.values[of].at(-1) ?? 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #take(): void {
    this.heldUp = Math.max(this.heldUp, performance.now() - this.#due);
    this.#due = performance.now() + 1000;
    const sums: Record<Watched, number> = {
      memory: 0,
      anonymous: 0,
      descriptors: 0,
      sockets: 0,
      threads: 0,
    };
    for (const pid of processTree(this.pid)) {
      const status = read(`/proc/${pid}/status`);
      const number = (name: string): number =>
        Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
      sums.memory += (number('VmRSS') * 1024) / 1e6;
      sums.anonymous += (number('RssAnon') * 1024) / 1e6;
      sums.threads += number('Threads');
      const open = list(`/proc/${pid}/fd`);
      sums.descriptors += open.length;
      sums.sockets += open.filter((one) => isSocket(`/proc/${pid}/fd/${one}`)).length;
    }
    // It has ended.
    if (sums.memory === 0) return;
    for (const name of Object.keys(watched) as Watched[]) this.values[name].push(sums[name]);
  }
}

function isSocket(descriptor: string): boolean {
  try {
    return readlinkSync(descriptor).startsWith('socket:');
  } catch {
    // It was closed meanwhile.
    return false;
  }
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

/** Each thing that was watched, whether it was flat: a line each. */
export function growth({ values }: Pick<Samples, 'values'>): { line: string; isFlat: boolean }[] {
  return (Object.keys(watched) as Watched[]).map((name) => {
    const { title, slack, digits } = watched[name];
    const medians = fifths(values[name]);
    const flat = isFlat(medians, slack);
    const [second, last] = [medians.second, medians.last].map((value) => value.toFixed(digits));
    const most = Math.max(...values[name]).toFixed(digits);
    const line = `${(flat ? 'flat' : 'GREW').padEnd(6)}${title.padEnd(28)}2nd fifth ${second}, last ${last}, at most ${most}`;
    return { line, isFlat: flat };
  });
}
