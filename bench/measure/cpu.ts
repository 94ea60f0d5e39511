import { list, processTree, read } from './tree.ts';

/**
 * Counts the CPU time of a process tree, from each thread's `schedstat` (nanoseconds; `stat` has
 * ticks of 10 ms). It samples while it runs, because the time of a thread that ends is gone with it.
 */
export class CpuMeter {
  readonly #pid: number;
  readonly #before: Map<string, number>;
  readonly #last: Map<string, number>;
  readonly #timer: Timer;

  constructor(pid: number) {
    this.#pid = pid;
    this.#before = threadTimes(pid);
    this.#last = new Map(this.#before);
    this.#timer = setInterval(() => this.#sample(), 250);
  }

  /** Ends the count. @returns microseconds of CPU since the meter was made. */
  stop(): number {
    clearInterval(this.#timer);
    this.#sample();
    let sum = 0;
    for (const [thread, time] of this.#last) sum += time - (this.#before.get(thread) ?? 0);
    return sum / 1000;
  }

  #sample(): void {
    for (const [thread, time] of threadTimes(this.#pid)) this.#last.set(thread, time);
  }
}

function threadTimes(pid: number): Map<string, number> {
  const times = new Map<string, number>();
  for (const one of processTree(pid)) {
    for (const tid of list(`/proc/${one}/task`)) {
      const [nanoseconds] = read(`/proc/${one}/task/${tid}/schedstat`).split(' ');
      if (nanoseconds) times.set(`${one}/${tid}`, Number(nanoseconds));
    }
  }
  return times;
}
