import { Histogram } from './histogram.ts';
import type { Report } from './order.ts';

/** So many values at least, for a percentile to say anything. */
const least = { p99: 100, p999: 1000 };

/** What one load has seen. */
export class Measures {
  readonly all = new Histogram();
  readonly first = new Histogram();
  readonly gap = new Histogram();
  readonly late = new Histogram();
  /** Answers, unmeasured ones included. */
  requests = 0;
  readonly #cpu = process.cpuUsage();

  /** @param more figures that only the pattern knows */
  report(more: Partial<Report>): Report {
    const { user, system } = process.cpuUsage(this.#cpu);
    return {
      requests: this.requests,
      p50: this.all.quantile(0.5),
      p99: tail(this.all, 0.99, least.p99),
      p999: tail(this.all, 0.999, least.p999),
      first50: this.first.quantile(0.5),
      first99: tail(this.first, 0.99, least.p99),
      gap50: this.gap.quantile(0.5),
      gap99: tail(this.gap, 0.99, least.p99),
      gapMax: this.gap.count > 0 ? this.gap.max : undefined,
      late99: tail(this.late, 0.99, least.p99),
      cpu: user + system,
      ...more,
    };
  }
}

function tail(histogram: Histogram, share: number, atLeast: number): number | undefined {
  return histogram.count < atLeast ? undefined : histogram.quantile(share);
}
