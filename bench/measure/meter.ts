import { CpuMeter } from './cpu.ts';
import { resident, type Resident } from './memory.ts';
import { read } from './tree.ts';

/** What a process tree used in a time. */
export interface Used {
  /** Microseconds of CPU. */
  cpu: number;
  /** The most resident memory that was seen. */
  rss: Resident;
  ms: number;
}

/** Looks at a process tree's CPU and memory until it is stopped. */
export class Meter {
  readonly #cpu: CpuMeter;
  readonly #timer: Timer;
  readonly #begin = performance.now();
  #rss: Resident = { all: 0, file: 0 };

  constructor(private readonly pid: number) {
    this.#cpu = new CpuMeter(pid);
    this.#timer = setInterval(() => this.look(), 250);
  }

  /** Looks at the memory now. */
  look(): void {
    const now = resident(this.pid);
    if (now.all > this.#rss.all) this.#rss = now;
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
