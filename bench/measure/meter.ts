import { CpuMeter } from './cpu.ts';
import { residentBytes } from './memory.ts';
import { read } from './tree.ts';

/** What a process tree used in a time. */
export interface Used {
  /** Microseconds of CPU. */
  cpu: number;
  /** The most resident memory that was seen, in bytes. */
  rss: number;
  ms: number;
}

/** Looks at a process tree's CPU and memory until it is stopped. */
export class Meter {
  readonly #cpu: CpuMeter;
  readonly #timer: Timer;
  readonly #begin = performance.now();
  #rss = 0;

  constructor(private readonly pid: number) {
    this.#cpu = new CpuMeter(pid);
    this.#timer = setInterval(() => this.look(), 250);
  }

  /** Looks at the memory now. */
  look(): void {
    this.#rss = Math.max(this.#rss, residentBytes(this.pid));
  }

  stop(): Used {
    clearInterval(this.#timer);
    const ms = performance.now() - this.#begin;
    const cpu = this.#cpu.stop();
    this.look();
    return { cpu, rss: this.#rss, ms };
  }
}

/** Microseconds of CPU that all of the machine used since it started, to 10 ms. */
export function machineCpu(): number {
  const [, ...ticks] = (/^cpu .*/m.exec(read('/proc/stat'))?.[0] ?? '').split(/ +/).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = ticks;
  return (user + nice + system + irq + softirq + steal) * 10_000;
}
