import type { Sample } from './result.ts';

/** One run of a scenario: samples by contender. */
export type Run = ReadonlyMap<string, Sample>;

/** The sample with what it has to say beside others of the same run, so that what disturbs all of them falls out. */
export function derived(name: string, run: Run, addsLatency = false): Sample {
  const sample = run.get(name) ?? {};
  // Where the direct way is saturated, its latency is that of its own queue.
  const direct = name === 'direct' || !addsLatency ? undefined : run.get('direct');
  const haproxy = run.get('haproxy');
  const bare = name.startsWith('aifd+') ? run.get('aifd') : undefined;
  const figures: Sample = {
    ...sample,
    addedP50: less(sample.p50, direct?.p50),
    addedP99: less(sample.p99, direct?.p99),
    addedFirst50: less(sample.first50, direct?.first50),
    cpuToHaproxy: haproxy?.cpu && sample.cpu !== undefined ? sample.cpu / haproxy.cpu : undefined,
    cpuOverBare: less(sample.cpu, bare?.cpu),
    p50OverBare: less(sample.p50, bare?.p50),
  };
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => value !== undefined));
}

function less(value: number | undefined, base: number | undefined): number | undefined {
  return value === undefined || base === undefined ? undefined : value - base;
}
